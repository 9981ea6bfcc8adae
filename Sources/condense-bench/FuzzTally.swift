import Encodings
import Export
import Foundation
import Graphs
import Settings

/// The outcomes of damaged files: refused, or accepted with a model that must survive another round trip.
struct FuzzTally {
  /// A function that reads a model from a file's bytes.
  typealias Reader = ([UInt8]) throws(ModelFileError) -> Model
  typealias Writer = (Model) throws(ModelFileError) -> [UInt8]

  private var refused: [String: Int] = [:]
  private var accepted = 0
  /// The indices of files that were accepted although their models are inconsistent.
  private var broken: [Int] = []

  /// Damages each of `files` in turn, `count` times in all, with parts of the next file.
  static func report(
    of benchmark: String, files: [[UInt8]], count: Int, seed: UInt64,
    mutated: ([UInt8], [UInt8], UInt64, Int) -> [UInt8], read: Reader, write: Writer
  ) -> (node: SettingsNode, isBroken: Bool) {
    var tally = FuzzTally()
    let time = ContinuousClock().measure {
      for index in 0..<max(0, count) {
        let file = index % files.count
        tally.add(mutated(files[file], files[(file + 1) % files.count], seed, index), index, read, write)
      }
    }
    let node = tally.report(
      benchmark, count: count, seed: seed, seconds: time / .seconds(1), fileBytes: files.map(\.count))
    return (node, !tally.broken.isEmpty)
  }

  private mutating func add(_ bytes: [UInt8], _ index: Int, _ read: Reader, _ write: Writer) {
    do throws(ModelFileError) {
      let model = try read(bytes)
      accepted += 1
      let again = try? read(write(model))
      if again != model { broken.append(index) }
    } catch {
      refused[Self.reason(error), default: 0] += 1
    }
  }

  /// The case of the error, which identifies the check that refused the file.
  private static func reason(_ error: ModelFileError) -> String {
    switch error {
    case .graph(_, .graph(let error)): "graph." + caseName(error)
    case .graph(_, .settings(let error)): "settings." + caseName(error)
    case .header(_, let error): "header." + caseName(error)
    case .metadata(_, let key, let error): "metadata.\(key)." + caseName(error)
    case .format(_, let problem):
      switch problem.problem {
      case StudentFileProblem.tensor(_, let error): "tensor." + caseName(error)
      case let problem as TFLiteFileProblem: "tflite." + caseName(problem.problem)
      case let problem: "student." + caseName(problem)
      }
    default: caseName(error)
    }
  }

  private static func caseName(_ error: some Error) -> String {
    String(describing: Mirror(reflecting: error).children.first?.label ?? "\(error)")
  }

  private func report(_ benchmark: String, count: Int, seed: UInt64, seconds: Double, fileBytes: [Int])
    -> SettingsNode
  {
    let mark = SettingsMark(source: "built-in")
    let reasons = refused.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { SettingsNode.Entry(key: $0.key, mark: mark, value: $0.value.node) }
    return SettingsNode(mapping: [
      "schema": 1.node, "benchmark": benchmark.node, "files": count.node, "seed": Int(seed).node,
      "fileBytes": fileBytes.node, "accepted": accepted.node, "refused": refused.values.reduce(0, +).node,
      "broken": broken.node, "seconds": ((seconds * 10).rounded() / 10).node,
      "filesPerSecond": Int(Double(count) / max(seconds, 1e-9)).node,
      "peakMemory": FuzzTally.peakMemory.node, "reasons": SettingsNode(.mapping(reasons)),
    ])
  }

  /// The peak memory of the process, as Linux reports it.
  private static var peakMemory: String {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return line?.dropFirst(6).trimmingCharacters(in: .whitespaces) ?? "unknown"
  }
}
