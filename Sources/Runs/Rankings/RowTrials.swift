import Metrics
import Readings

/// The trials of one row, one per seed, and the figures over them.
struct RowTrials {
  /// The trials, ascending by seed.
  let trials: [FinishedTrial]
  let sample: AccuracySample

  private let first: FinishedTrial

  /// Groups the trials of one name; nil without trials.
  ///
  /// If a seed occurs twice, the first by address counts.
  init?(_ trials: [FinishedTrial]) {
    let sorted = trials.sorted { ($0.result.seed, $0.result.address) < ($1.result.seed, $1.result.address) }
    var kept: [FinishedTrial] = []
    for trial in sorted where trial.result.seed != kept.last?.result.seed { kept.append(trial) }
    guard let first = kept.first else { return nil }
    self.trials = kept
    self.first = first
    sample = AccuracySample(
      name: first.result.name,
      scores: Dictionary(
        kept.map { ($0.result.seed, ImageScores($0.result.accuracy.details.judged)) },
        uniquingKeysWith: { first, _ in first }))
  }

  var name: String { first.result.name }
  var metric: MetricKind { first.result.accuracy.metric }
  var role: TrialRole { first.result.role }
  var methods: [String] { first.result.methods }
  var controlOf: [String] { first.result.controlOf }
  private var results: [TrialResult] { trials.map(\.result) }

  var fileBytes: Int { mean(\.size.fileBytes) }

  /// Orders rows best first: by mean accuracy, then by smaller file, then by name.
  static func isBetter(_ first: RowTrials, _ second: RowTrials) -> Bool {
    let (mine, others) = (first.sample.mean, second.sample.mean)
    if mine != others { return first.metric.isBetter(mine, than: others) }
    return (first.fileBytes, first.name) < (second.fileBytes, second.name)
  }

  /// The row, without the parts that depend on other rows.
  func row(_ variance: SeedVariance) -> Ranking.Row {
    Ranking.Row(
      name: name, role: role.rawValue, methods: methods, controlOf: controlOf, seeds: sample.seeds,
      indicative: sample.seeds.count < Ranking.testedSeeds, accuracy: accuracy(variance), againstTeacher: nil,
      size: TrialResult.Size(fileBytes: fileBytes, codedBytes: mean(\.size.codedBytes)),
      parameters: mean(\.parameters), nonZeros: mean(\.nonZeros), multiplyAdds: mean(\.multiplyAdds),
      bits: joined(\.bits), targets: targets, paretoOn: [],
      cost: TrialResult.Cost(
        trainingImages: mean(\.cost.trainingImages), seconds: results.map(\.cost.seconds).mean),
      warnings: warnings, model: first.directory + "/" + first.result.model)
  }

  private func accuracy(_ variance: SeedVariance) -> Ranking.Row.Accuracy {
    let estimate = sample.estimate(variance)
    let own = VarianceEstimate(of: sample.perSeed)
    return Ranking.Row.Accuracy(
      metric: metric, mean: estimate.mean, sd: own.degreesOfFreedom > 0 ? own.variance.squareRoot() : nil,
      low: max(0, estimate.mean - estimate.reach), high: min(1, estimate.mean + estimate.reach),
      perSeed: sample.perSeed, arithmetic: joined(\.accuracy.arithmetic))
  }

  private var targets: [String: Reading] {
    Dictionary(grouping: results.flatMap { Array($0.targets) }, by: \.key).compactMapValues {
      Reading(meanOf: $0.map(\.value))
    }
  }

  /// The warnings of all seeds, each once.
  private var warnings: [String] {
    var seen: Set<String> = []
    return results.flatMap(\.warnings).filter { seen.insert($0).inserted }
  }

  private func mean(_ count: KeyPath<TrialResult, Int>) -> Int {
    results.map { $0[keyPath: count] }.roundedMean
  }

  /// The common value of a text over all trials; where seeds differ, all values with commas.
  private func joined(_ word: KeyPath<TrialResult, String>) -> String {
    Set(results.map { $0[keyPath: word] }).sorted().joined(separator: ",")
  }
}
