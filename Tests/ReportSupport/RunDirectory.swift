import Foundation
import Reports

@testable import Runs

/// The directory of a run among temporary files, as a comparison leaves it; it is removed with its last
/// reference.
final class RunDirectory {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path() + "/condense-report-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes the files that a comparison leaves for a report.
  func fill(_ report: RunReport) throws {
    try write(RankingJSON.encode(report.ranking), to: "ranking.json")
    try write(Data((report.recipe ?? "").utf8), to: "recipe.yaml")
    for (number, trial) in report.trials.enumerated() {
      let folder = "trials/t\(number)-s\(trial.seed)-0123456789ab"
      try write(try JSONEncoder().encode(trial), to: folder + "/result.json")
      guard let curve = report.curves.first(where: { $0.name == trial.name && $0.seed == trial.seed }) else {
        continue
      }
      try write(try Self.log(curve.epochs), to: folder + "/metrics.jsonl")
    }
  }

  /// Writes the files that a comparison leaves during and after its run.
  ///
  /// They are trials under their names, logs, models of a few bytes, and the ledger. `waiting` names rows
  /// that are planned and not begun.
  func record(_ report: RunReport, waiting: [String] = []) throws {
    try write(RankingJSON.encode(report.ranking), to: "ranking.json")
    try write(Data((report.recipe ?? "").utf8), to: "recipe.yaml")
    let ledger = try Ledger(run: path)
    try ledger.begin(recipe: report.recipe ?? "", machine: "a machine", versions: ["condense": "0"])
    try ledger.plan(
      report.trials.map {
        TrialRecord(name: $0.name, role: $0.role, seed: $0.seed, address: $0.address, controlOf: $0.controlOf)
      }
        + waiting.map {
          TrialRecord(name: $0, role: .student, seed: 0, address: SyntheticRun.address($0, 0))
        })
    for trial in report.trials {
      let folder =
        "trials/" + TrialDirectory.name(of: trial.name, seed: trial.seed, address: trial.address)
      try write(try JSONEncoder().encode(trial), to: folder + "/result.json")
      try write(Data("model of \(trial.name)".utf8), to: folder + "/student.condensed")
      if let curve = report.curves.first(where: { $0.name == trial.name && $0.seed == trial.seed }) {
        try write(try Self.log(curve.epochs), to: folder + "/metrics.jsonl")
      }
      try ledger.ingest(folder)
    }
  }

  /// The epochs as the log of a training.
  static func log(_ epochs: [EpochRecord]) throws -> Data {
    Data(try epochs.map { try JSONEncoder().encode(LogLine($0)) + Data("\n".utf8) }.joined())
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

/// One line of a training's log.
private struct LogLine: Encodable {
  let epoch: Int
  let stage: String?
  let loss, top1, validationLoss, validationTop1, rate: Double?

  init(_ record: EpochRecord) {
    (epoch, stage, loss) = (record.epoch, record.stage, record.loss)
    (top1, validationLoss, validationTop1) = (record.value, record.validationLoss, record.validation)
    rate = record.rate
  }
}
