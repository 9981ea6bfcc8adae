import Foundation
public import Settings
import Tensors

/// The file of one line an epoch beside a model, in step with its checkpoints.
public final class MetricsLog {
  /// The path of the file.
  public let path: String

  /// Makes a log at a path; nothing is written yet.
  public init(path: String) { self.path = path }

  /// Keeps the lines of the first epochs and drops lines that a killed training wrote after its last
  /// checkpoint.
  public func keep(epochs: Int) throws {
    let url = URL(filePath: path)
    guard let data = try? Data(contentsOf: url) else { return }
    let lines = data.split(separator: UInt8(ascii: "\n"))
    let kept = lines.filter { line in
      guard let node = try? SettingsNode(json: line, source: path),
        let epoch = try? node["epoch"]?.integer("epoch")
      else { return false }
      return epoch <= epochs
    }
    do throws(SystemError) {
      try WholeFile.write(kept.flatMap { Array($0) + [UInt8(ascii: "\n")] }, to: path)
    } catch {
      throw TrainingError.unwritable(path: path, reason: "\(error)")
    }
  }

  /// The last line; `nil` if there is none.
  public func last() -> SettingsNode? {
    guard let data = try? Data(contentsOf: URL(filePath: path)) else { return nil }
    return data.split(separator: UInt8(ascii: "\n")).last.flatMap {
      try? SettingsNode(json: $0, source: path)
    }
  }

  /// Appends the line of an epoch and flushes it to the disk.
  public func append(_ metrics: EpochMetrics) throws {
    do {
      if !FileManager.default.fileExists(atPath: path) {
        _ = FileManager.default.createFile(atPath: path, contents: nil)
      }
      let handle = try FileHandle(forWritingTo: URL(filePath: path))
      defer { try? handle.close() }
      try handle.seekToEnd()
      try handle.write(contentsOf: Data((metrics.node.compactJSON + "\n").utf8))
      try handle.synchronize()
    } catch {
      throw TrainingError.unwritable(path: path, reason: FileFailure.reason(error, path: path))
    }
  }
}
