/// The accuracies of one row, by seed, with what every test image said.
struct AccuracySample {
  let name: String
  /// Ascending.
  let seeds: [UInt64]
  private let scores: [UInt64: ImageScores]
  private let accuracies: [UInt64: Double]

  init(name: String, scores: [UInt64: ImageScores]) {
    self.name = name
    self.scores = scores
    seeds = scores.keys.sorted()
    accuracies = scores.mapValues(\.mean)
  }

  var bySeed: SeedVariance.Row { accuracies }
  var perSeed: [Double] { seeds.compactMap { accuracies[$0] } }
  var mean: Double { perSeed.reduce(0, +) / Double(max(seeds.count, 1)) }

  /// The mean with the variance over seeds, pooled, and over test images.
  func estimate(_ variance: SeedVariance) -> MeanEstimate {
    let seedVariance = variance.alone.contains(name) ? VarianceEstimate(of: perSeed) : variance.single
    let images = ImageVariance(seeds.compactMap { scores[$0] })
    return MeanEstimate(
      mean: mean, variance: images.added(to: 1 / Double(max(seeds.count, 1)) * seedVariance))
  }

  /// The seeds that another row has too, scored on as many images.
  func seedsPaired(with other: AccuracySample) -> [UInt64] {
    seeds.filter { seed in
      guard let mine = scores[seed], let others = other.scores[seed] else { return false }
      return mine.values.count == others.values.count
    }
  }

  /// Mine minus the other's, over the seeds that both have; `nil` without one.
  ///
  /// **Formula** the mean of the differences by seed, with variance `2 s² / n` over seeds, `s²` being `SeedVariance.paired`,
  /// plus the variance over test images of the differences image by image.
  func difference(from other: AccuracySample, _ variance: SeedVariance) -> MeanEstimate? {
    let seeds = seedsPaired(with: other)
    guard !seeds.isEmpty else { return nil }
    let pairs = seeds.compactMap { seed in
      scores[seed].flatMap { mine in other.scores[seed].map { mine - $0 } }
    }
    let differences = pairs.map(\.mean)
    let isAlone = variance.alone.contains(name) || variance.alone.contains(other.name)
    let ofOne = isAlone ? VarianceEstimate(of: differences) : 2 * variance.paired
    let count = Double(seeds.count)
    return MeanEstimate(
      mean: differences.reduce(0, +) / count,
      variance: ImageVariance(pairs).added(to: 1 / count * ofOne))
  }
}
