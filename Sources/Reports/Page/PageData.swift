import Foundation
import Runs

/// What the page's scripts draw from: the report without what only statistics need.
struct PageData: Encodable {
  let ranking: Ranking
  let targets: [String]
  let missingCharts: String
  let trials: [Trial]
  let curves: [TrainingCurve]

  /// A trial up close.
  struct Trial: Encodable {
    let name: String
    let role: TrialRole
    let seed: UInt64
    let classes: [String]
    let accuracy: Accuracy
    let validationTop1: Double?
    let size: TrialResult.Size
    let nonZeros: Int
    let multiplyAdds: Int
    let cost: TrialResult.Cost
    let stages: [TrialResult.StageRecord]
    let layers: [TrialResult.LayerRecord]
    let mistakes: [TrialResult.Mistake]
  }

  /// Scores, and the confusion matrix as (truth, called, images) where there are images.
  struct Accuracy: Encodable {
    let images: Int
    let top1: Double
    let top5: Double
    let loss: Double
    let ece: Double
    let arithmetic: String
    let confusion: [[Int]]
  }

  /// Pictures of mistakes that a trial may bring: they make most of a page's size.
  private static let shownMistakes = 24

  init(_ report: RunReport) {
    ranking = report.ranking
    targets = report.targets
    missingCharts =
      "There are no curves here: Chart.js was missing when this report was made. Install it (\(ChartLibrary.remedy)) and "
      + "run condense report again."
    trials = report.trials.map(Self.trial)
    curves = report.curves
  }

  /// The JSON, ready to stand in a page.
  var script: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return HTMLText.scriptJSON(String(decoding: try encoder.encode(self), as: UTF8.self))
    }
  }

  private static func trial(_ trial: TrialResult) -> Trial {
    let accuracy = trial.accuracy
    return Trial(
      name: trial.name, role: trial.role, seed: trial.seed, classes: trial.classes,
      accuracy: Accuracy(
        images: accuracy.images, top1: accuracy.top1, top5: accuracy.top5, loss: accuracy.loss,
        ece: accuracy.ece,
        arithmetic: accuracy.arithmetic, confusion: sparse(accuracy.confusion, classes: trial.classes.count)),
      validationTop1: trial.validationTop1, size: trial.size, nonZeros: trial.nonZeros,
      multiplyAdds: trial.multiplyAdds, cost: trial.cost, stages: trial.stages, layers: trial.layers,
      mistakes: Array(trial.mistakes.prefix(shownMistakes)))
  }

  private static func sparse(_ confusion: [[Int]], classes: Int) -> [[Int]] {
    confusion.prefix(classes).enumerated().flatMap { truth, row in
      row.prefix(classes).enumerated().compactMap { called, images in
        images > 0 ? [truth, called, images] : nil
      }
    }
  }
}
