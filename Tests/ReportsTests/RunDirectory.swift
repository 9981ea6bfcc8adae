import Foundation
import Reports

@testable import Runs

/// The directory of a run in the folder for temporary files, as a comparison leaves it; it goes with its last user.
final class RunDirectory {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path() + "/condense-report-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes what a comparison would have left of a report.
  func fill(_ report: RunReport) throws {
    try write(RankingJSON.encode(report.ranking), to: "ranking.json")
    try write(Data((report.recipe ?? "").utf8), to: "recipe.yaml")
    for (number, trial) in report.trials.enumerated() {
      let folder = "trials/t\(number)-s\(trial.seed)-0123456789ab"
      try write(try JSONEncoder().encode(trial), to: folder + "/result.json")
      guard let curve = report.curves.first(where: { $0.name == trial.name && $0.seed == trial.seed }) else {
        continue
      }
      let lines = try curve.epochs.map { try JSONEncoder().encode(LogLine($0)) + Data("\n".utf8) }
      try write(Data(lines.joined()), to: folder + "/metrics.jsonl")
    }
  }

  func write(_ data: Data, to name: String) throws {
    let url = URL(filePath: path + "/" + name)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: url)
  }

  func text(_ name: String) throws -> String {
    try String(contentsOfFile: path + "/" + name, encoding: .utf8)
  }
}

/// A line of a training's log.
private struct LogLine: Encodable {
  let epoch: Int
  let stage: String?
  let loss, top1, validationLoss, validationTop1: Double?

  init(_ record: EpochRecord) {
    (epoch, stage, loss) = (record.epoch, record.stage, record.loss)
    (top1, validationLoss, validationTop1) = (record.value, record.validationLoss, record.validation)
  }
}
