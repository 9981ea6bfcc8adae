import Foundation
import Settings
import Training

/// The trial's `metrics.jsonl`, with one line per epoch over all stages.
struct StageLog {
  /// The file's name in the trial's directory.
  static let file = "metrics.jsonl"

  let path: String
  let stage: String
  let index: Int

  /// Prepares the file for the stage: keeps lines of earlier stages and of its finished epochs, and drops all
  /// others.
  ///
  /// Returns the seconds that the finished epochs of the stage took.
  func begin(keeping epochs: Int, after continued: StageContinuation? = nil) throws -> Double {
    let foreign = continued?.epochs ?? 0
    let text = FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    var seconds = 0.0
    var kept: [Substring] = []
    var own: [Substring] = []
    for line in text.split(separator: "\n") {
      guard let entry = Entry(String(line)), entry.stage <= index else { continue }
      if entry.stage < index {
        kept.append(line)
      } else if entry.epoch > foreign, entry.epoch <= epochs {
        own.append(line)
        seconds += entry.seconds
      }
    }
    let before = continued.flatMap { FileManager.default.contents(atPath: $0.log) } ?? Data()
    kept += String(decoding: before, as: UTF8.self).split(separator: "\n").filter { line in
      Entry(String(line)).map { $0.stage == index && $0.epoch <= foreign } ?? false
    }
    kept += own
    try TrialFolder.write(Array(kept.map { $0 + "\n" }.joined().utf8), to: path)
    return seconds
  }

  /// Appends an epoch's line; ignores a failure to write.
  func append(_ metrics: EpochMetrics) {
    guard case .mapping(let entries) = metrics.node.content else { return }
    let line = SettingsNode(
      .mapping(
        [.init(key: "stage", mark: metrics.node.mark, value: "\(index + 1) \(stage)".node)] + entries))
    guard let handle = try? FileHandle(forWritingTo: URL(filePath: path)) else { return }
    defer { try? handle.close() }
    _ = try? handle.seekToEnd()
    try? handle.write(contentsOf: Data((line.compactJSON + "\n").utf8))
  }

  /// The stage, epoch and seconds of a line; `nil` for an incomplete line.
  private struct Entry {
    let stage: Int
    let epoch: Int
    let seconds: Double

    init?(_ line: String) {
      guard let node = try? SettingsNode(json: line, source: StageLog.file),
        let name = try? node["stage"]?.string("stage"), let number = name.split(separator: " ").first,
        let stage = Int(number), let epoch = try? node["epoch"]?.integer("epoch")
      else { return nil }
      self.stage = stage - 1
      self.epoch = epoch
      seconds = (try? node["seconds"].map { item throws(SettingsError) in try item.number("seconds") }) ?? 0
    }
  }
}
