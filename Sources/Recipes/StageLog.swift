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

  /// Starts the file with the first stage: a trial that is run again writes its lines anew.
  func begin() throws(TrialError) {
    guard index == 0 else { return }
    try TrialFolder.write([], to: path)
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
}
