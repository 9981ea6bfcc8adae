import Foundation
import Runs

/// The data of the page's scripts: the report without the inputs of its statistics.
struct PageData: Encodable {
  let ranking: Ranking
  /// The name of the metric that rows are ranked by.
  let metric: String
  let targets: [String]
  let missingCharts: String
  let trials: [Trial]
  let curves: [Curve]

  /// The details of a trial.
  struct Trial: Encodable {
    let name: String
    let role: TrialRole
    let seed: UInt64
    let classes: [String]
    let accuracy: Accuracy
    let validation: Double?
    let size: TrialResult.Size
    let nonZeros: Int
    let multiplyAdds: Int
    let cost: TrialResult.Cost
    let stages: [TrialResult.StageRecord]
    let layers: [TrialResult.LayerRecord]
    let mistakes: [TrialResult.Mistake]
    /// Of tasks that find things.
    let pictures: [TrialResult.Picture]
  }

  /// The training curve of a trial.
  struct Curve: Encodable {
    let name: String
    let seed: UInt64
    let epochs: [Epoch]
  }

  /// One epoch, with the scripts' names of its figures.
  struct Epoch: Encodable {
    let epoch: Int
    let stage: String?
    let loss, validation: Double?
    let weights: Int?
  }

  /// The metric, and the details that the task's script shows.
  struct Accuracy: Encodable {
    let task: String
    let images: Int
    let value: Double
    let arithmetic: String
    let details: Details?
  }

  /// The details of one task.
  struct Details: Encodable {
    let base: any Encodable

    func encode(to encoder: any Encoder) throws { try base.encode(to: encoder) }
  }

  /// The largest number of mistakes with pictures for each trial, as they make up most of a page.
  private static let shownMistakes = 24

  init(_ report: RunReport, _ detail: PageDetail = .all) {
    var ranking = report.ranking
    if detail > .all { ranking.studentPairs = [] }
    self.ranking = ranking
    metric = report.metricName
    targets = report.targets
    missingCharts =
      "There are no curves here: Chart.js was missing when this report was made. Install it (\(ChartLibrary.remedy)) and "
      + "run condense report again."
    let first = Dictionary(
      report.rows.map { ($0.name, $0.seeds.first) }, uniquingKeysWith: { first, _ in first })
    func isShown(_ name: String, _ seed: UInt64) -> Bool {
      detail < .firstSeeds || (detail == .firstSeeds && first[name] == seed)
    }
    trials = report.trials.filter { isShown($0.name, $0.seed) }.map { Self.trial($0, detail) }
    curves = report.curves.filter { isShown($0.name, $0.seed) }.map { curve in
      Curve(
        name: curve.name, seed: curve.seed,
        epochs: curve.epochs.map {
          Epoch(
            epoch: $0.epoch, stage: $0.stage, loss: $0.loss, validation: $0.validation, weights: $0.weights)
        })
    }
  }

  /// The data as JSON for a `script` element.
  var script: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return HTMLText.scriptJSON(String(decoding: try encoder.encode(self), as: UTF8.self))
    }
  }

  private static func trial(_ trial: TrialResult, _ detail: PageDetail) -> Trial {
    let accuracy = trial.accuracy
    return Trial(
      name: trial.name, role: trial.role, seed: trial.seed, classes: trial.classes,
      accuracy: Accuracy(
        task: accuracy.task, images: accuracy.images, value: accuracy.value, arithmetic: accuracy.arithmetic,
        details: PageTasks.details(accuracy.details).map(Details.init)),
      validation: trial.validation, size: trial.size, nonZeros: trial.nonZeros,
      multiplyAdds: trial.multiplyAdds, cost: trial.cost, stages: trial.stages,
      layers: trial.layers,
      // Of tasks that find things, pictures with boxes tell what words of mistakes do not.
      mistakes: trial.pictures == nil
        ? Array(trial.mistakes.prefix(detail == .all ? shownMistakes : 0)) : [],
      pictures: detail == .all ? Array((trial.pictures ?? []).prefix(shownMistakes)) : [])
  }
}
