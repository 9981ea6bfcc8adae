public import Foundation

/// A Python of its own with packages from PyPI: other programs that read what we write, asked in tests.
///
/// It is made once, in `~/.cache/condense/peers`, and used again. Continuous integration must have it; elsewhere tests that
/// need it are skipped where PyPI cannot be reached.
public struct PeerPython: Sendable {
  /// The packages as pip takes them: `numpy<2`.
  public let packages: [String]

  /// Names an environment by its packages.
  public init(_ packages: String...) { self.packages = packages }

  private var folder: String {
    let name = packages.joined(separator: "-").map { $0.isLetter || $0.isNumber ? $0 : "-" }
    let cache =
      ProcessInfo.processInfo.environment["XDG_CACHE_HOME"] ?? NSHomeDirectory() + "/.cache"
    return "\(cache)/condense/peers/\(String(name))"
  }

  /// The interpreter, once it was asked.
  public var program: String { folder + "/bin/python" }
  private var python: String { program }
  private var mark: String { folder + "/complete" }

  /// Whether tests may ask it: it is there, it can be made, or it must be there.
  public var mayBeAsked: Bool {
    if ProcessInfo.processInfo.environment["CONDENSE_CI"] != nil { return true }
    return (try? make()) != nil
  }

  /// Makes the environment unless it is complete.
  private func make() throws {
    guard !FileManager.default.fileExists(atPath: mark) else { return }
    try? FileManager.default.removeItem(atPath: folder)
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Self.run("/usr/bin/env", ["python3", "-m", "venv", folder])
    try Self.run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"] + packages)
    try Data().write(to: URL(filePath: mark))
  }

  /// Runs a script with arguments, on this machine's processor or an emulated one, and gives back what it prints.
  public func run(
    _ script: String, _ arguments: [String] = [], on processor: EmulatedProcessor? = nil
  ) throws -> Data {
    try make()
    let command = [python, "-c", script] + arguments
    guard let processor else { return try Self.run(command[0], Array(command.dropFirst())) }
    return try Self.run(
      "/usr/bin/env",
      ["OPENBLAS_NUM_THREADS=1", EmulatedProcessor.program.path] + processor.arguments(command))
  }

  /// Why a program gave no answer.
  public struct Failure: Error, CustomStringConvertible {
    public let description: String
  }

  @discardableResult
  private static func run(_ program: String, _ arguments: [String]) throws -> Data {
    let process = Process()
    let (output, errors) = (Pipe(), Pipe())
    process.executableURL = URL(filePath: "/usr/bin/timeout")
    process.arguments = ["--kill-after=5", "300", program] + arguments
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let printed = output.fileHandleForReading.readDataToEndOfFile()
    let complaints = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(description: "\(program): \(String(decoding: complaints.suffix(2_000), as: UTF8.self))")
    }
    return printed
  }
}
