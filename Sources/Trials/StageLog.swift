import Foundation
import Settings
import Training

/// `metrics.jsonl`: a line an epoch over all stages of a trial.
struct StageLog {
  /// The file's name in the trial's directory.
  static let file = "metrics.jsonl"

  let path: String
  let stage: String
  let index: Int

  /// Starts the stage's part of the file behind the lines of earlier stages and of the epochs of this one that are done
  /// already; returns the seconds that those took. What else a killed process left is dropped.
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

  /// Adds an epoch's line; a log that cannot be written costs no trial.
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

  /// What a line says of its place; `nil` for half a line.
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
