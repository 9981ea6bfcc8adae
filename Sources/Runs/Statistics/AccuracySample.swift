/// The accuracies of one row by seed, with the scores of the test images.
struct AccuracySample {
  let name: String
  /// The seeds, ascending.
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

  /// The least difference that two accuracies can have.
  var resolution: Double { scores.values.map(\.resolution).max() ?? 1 }

  /// The mean, with the variance over seeds and over test images.
  func estimate(_ variance: SeedVariance) -> MeanEstimate {
    let images = ImageVariance(seeds.compactMap { scores[$0] })
    return MeanEstimate(mean: mean, variance: images.added(to: variance.ofMean(name, seeds: seeds.count)))
  }

  /// The seeds that the other row has too, with the same number of test images.
  func seedsPaired(with other: AccuracySample) -> [UInt64] {
    seeds.filter { seed in
      guard let mine = scores[seed], let others = other.scores[seed] else { return false }
      return mine.isComparable(with: others)
    }
  }

  /// The mean difference, this row minus the other, over the shared seeds; `nil` without one.
  ///
  /// **Formula** the mean of the differences by seed. Its variance is that over seeds from `SeedVariance`,
  /// plus the variance over test images of the differences image by image.
  func difference(from other: AccuracySample, _ variance: SeedVariance) -> MeanEstimate? {
    let pairs = pairs(with: other)
    guard !pairs.isEmpty else { return nil }
    return MeanEstimate(
      mean: pairs.map(\.mean).mean,
      variance: ImageVariance(pairs).added(to: variance.ofDifference(name, other.name, seeds: pairs.count)))
  }

  /// The differences by seed, this row minus the other, image by image.
  func pairs(with other: AccuracySample) -> [ImageScores] {
    seedsPaired(with: other).compactMap { seed in
      scores[seed].flatMap { mine in other.scores[seed].map { mine - $0 } }
    }
  }
}

extension SeedVariance {
  /// Fits the variances to all rows of a run.
  init(_ samples: [AccuracySample]) {
    self.init(
      Dictionary(samples.map { ($0.name, $0.bySeed) }, uniquingKeysWith: { first, _ in first }),
      resolution: samples.map(\.resolution).max() ?? 1)
  }
}

/// A mean with its uncertainty.
struct MeanEstimate: Equatable {
  var mean: Double
  /// The variance of the mean.
  var variance: VarianceEstimate

  /// The confidence level of intervals and bounds.
  static let share = 0.95

  /// Half the width of the 95 % interval.
  var reach: Double {
    guard variance.variance > 0, variance.degreesOfFreedom > 0 else { return 0 }
    return StudentT.reach(of: Self.share, degreesOfFreedom: variance.degreesOfFreedom)
      * variance.variance.squareRoot()
  }

  /// The one-sided lower 95 % bound of the true value.
  ///
  /// It is the lower end of the two-sided 90 % interval.
  var lowerBound: Double {
    guard variance.variance > 0, variance.degreesOfFreedom > 0 else { return mean }
    return mean - StudentT.reach(of: 2 * Self.share - 1, degreesOfFreedom: variance.degreesOfFreedom)
      * variance.variance.squareRoot()
  }

  /// The two-sided p-value: the chance of a mean at least as far from zero if the true mean is zero.
  var pValue: Double {
    guard mean != 0 else { return 1 }
    guard variance.variance > 0, variance.degreesOfFreedom > 0 else { return 0 }
    return StudentT.pValue(
      mean / variance.variance.squareRoot(), degreesOfFreedom: variance.degreesOfFreedom)
  }
}
