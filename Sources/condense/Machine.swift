import Foundation

/// The properties of the running machine, as Linux reports them.
struct Machine {
  let processor: String
  let cores: Int
  let instructionSets: [String]
  let memoryBytes: Int
  let availableBytes: Int

  static var current: Machine {
    let processors = fields(of: "/proc/cpuinfo")
    let memory = fields(of: "/proc/meminfo")
    let flags = Set(
      (processors["flags"] ?? processors["Features"] ?? "").split(separator: " ").map(String.init))
    return Machine(
      processor: processors["model name"] ?? "unknown",
      cores: ProcessInfo.processInfo.activeProcessorCount,
      instructionSets: notable.filter(flags.contains),
      memoryBytes: kibibytes(memory["MemTotal"]) * 1024,
      availableBytes: kibibytes(memory["MemAvailable"]) * 1024)
  }

  /// The machine in a few lines, for the record of a run.
  var description: String {
    """
    \(processor), \(cores.counted("core")), \(Self.gibibytes(memoryBytes))
    \(instructionSets.joined(separator: " "))
    """
  }

  /// The instruction sets by which oneDNN chooses kernels.
  private static let notable = [
    "sse4_1", "avx", "avx2", "fma", "avx512f", "avx512bw", "avx512_vnni", "avx512_bf16", "amx_tile",
    "amx_bf16",
    "asimd", "sve",
  ]

  /// A size in words: `23.4 GiB`.
  static func gibibytes(_ bytes: Int) -> String {
    String(format: "%.1f GiB", Double(bytes) / 1_073_741_824)
  }

  private static func kibibytes(_ field: String?) -> Int {
    field?.split(separator: " ").first.flatMap { Int($0) } ?? 0
  }

  /// The `name: value` lines of a file; for a repeated name, the first line counts.
  private static func fields(of path: String) -> [String: String] {
    let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    var fields: [String: String] = [:]
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { continue }
      let name = parts[0].trimmingCharacters(in: .whitespaces)
      if fields[name] == nil { fields[name] = parts[1].trimmingCharacters(in: .whitespaces) }
    }
    return fields
  }
}
