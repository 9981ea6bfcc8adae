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
  func begin(keeping epochs: Int) throws -> Double {
    let text = FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    var seconds = 0.0
    var kept: [Substring] = []
    for line in text.split(separator: "\n") {
      guard let entry = Entry(String(line)), entry.stage <= index else { continue }
      guard entry.stage < index || entry.epoch <= epochs else { continue }
      kept.append(line)
      if entry.stage == index { seconds += entry.seconds }
    }
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
