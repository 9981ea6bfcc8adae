import Metrics

/// The part of the variance of a mean over seeds that comes from the draw of the test images.
///
/// Scores are crossed: each seed is scored on each image. The variation that images share over seeds would
/// change with another draw of images. The rest of their spread is noise of single trials, which the variance
/// over seeds already contains.
///
/// **Formula** with `n` seeds and `N` images, `max(0, MS_image - MS_interaction) / (n N)`. `MS_image` is `n`
/// times the variance over images of the mean over seeds; `MS_interaction` is the mean square of the scores
/// after subtraction of the means of seeds and images. With one seed `MS_interaction` is unknown and counts
/// as 0. Where seeds have test sets of different sizes, each was scored on its own images, the variance over
/// seeds contains all variance, and this part is 0.
///
/// **Paper** Dorfman, Berbaum, Metz, "Receiver operating characteristic rating analysis", Investigative
/// Radiology 27, 1992: the same two crossed random effects.
struct ImageVariance: Equatable {
  /// The variance of the mean, with its degrees of freedom.
  var estimate = VarianceEstimate.none
  /// True if the images' effect is significant in an F test at level 0.05.
  ///
  /// An effect that may be chance adds to the variance but not to the degrees of freedom: there are many
  /// images, and their degrees of freedom would hide how few the seeds are.
  var isEstablished = false

  private static let level = 0.05

  private init() {}

  /// The part for a mean over seeds; none where the seeds have different numbers of images, or one image
  /// alone.
  init(_ seeds: [ImageScores]) {
    guard let first = seeds.first, first.images > 1, seeds.allSatisfy(first.isComparable) else {
      self.init()
      return
    }
    var contributions: [[Double]] = []
    var draws: [[Double]] = []
    for seed in seeds {
      switch seed.form {
      case .contributions(let values): contributions.append(values)
      case .draws(let values): draws.append(values)
      }
    }
    if draws.isEmpty {
      self.init(contributions: contributions)
    } else {
      self.init(draws: draws, images: first.images)
    }
  }

  /// The part for a metric that is a mean over images.
  ///
  /// **Shapes** `seeds [n]`, each of `[N]` scores.
  private init(contributions seeds: [[Double]]) {
    let images = seeds[0].count
    let n = Double(seeds.count)
    let count = Double(images)
    let sums = SumsOfSquares(seeds, images: images)
    let constant = sums.total * sums.total / (n * count)
    let byImage = sums.images / n - constant
    let meanSquare = byImage / (count - 1)
    var interaction = 0.0
    if seeds.count > 1 {
      let degrees = (n - 1) * (count - 1)
      interaction = max(0, sums.scores - constant - byImage - (sums.seeds / count - constant)) / degrees
    }
    self.init(
      variance: (meanSquare - interaction) / (n * count), ratio: (meanSquare, interaction),
      seeds: seeds.count,
      degrees: count - 1)
  }

  /// The part for a metric that is no mean over images, by drawing the images again.
  ///
  /// **Formula** with `V` the variance over draws of the mean over seeds, and `W` the mean over seeds of the
  /// variance over draws: `(n V - W) / (n - 1)`, or `V` for one seed. It estimates the same part as the
  /// formula above; `MS_image / MS_interaction` is `(n - 1) V / (W - V)`.
  ///
  /// Both are estimated from `D` draws, so their degrees of freedom are `1/(1/(N - 1) + 1/(D - 1))`.
  ///
  /// **Shapes** `seeds [n]`, each of `[draws]` values of the metric.
  private init(draws seeds: [[Double]], images: Int) {
    let n = Double(seeds.count)
    let degrees = 1 / (1 / Double(images - 1) + 1 / Double(max(1, seeds[0].count - 1)))
    let means = seeds[0].indices.map { draw in seeds.reduce(0) { $0 + $1[draw] } / n }
    // Drawing from N images with replacement has 1 - 1/N of the variance of N new images.
    let correction = Double(images) / Double(images - 1)
    let shared = VarianceEstimate(of: means).variance * correction
    let alone = seeds.map { VarianceEstimate(of: $0).variance * correction }.reduce(0, +) / n
    self.init(
      variance: seeds.count > 1 ? (n * shared - alone) / (n - 1) : shared,
      ratio: ((n - 1) * shared, max(0, alone - shared)), seeds: seeds.count, degrees: degrees)
  }

  /// Stores the estimate and tests its significance.
  ///
  /// `ratio` holds two mean squares, up to a common factor: that of images, and that of the interaction of
  /// images and seeds.
  private init(variance: Double, ratio: (images: Double, rest: Double), seeds: Int, degrees: Double) {
    estimate = VarianceEstimate(variance: max(0, variance), degreesOfFreedom: degrees)
    isEstablished =
      seeds == 1
      || ratio.images > ratio.rest
        && VarianceRatio.pValue(
          ratio.images / ratio.rest, degreesOfFreedom: degrees, Double(seeds - 1) * degrees) < Self.level
  }

  /// The sum of this variance and that over seeds, which is independent of it.
  func added(to seeds: VarianceEstimate) -> VarianceEstimate {
    let sum = VarianceEstimate.sum([seeds, estimate])
    guard seeds.degreesOfFreedom > 0, !isEstablished else { return sum }
    return VarianceEstimate(variance: sum.variance, degreesOfFreedom: seeds.degreesOfFreedom)
  }

  /// The sums of an analysis of variance; exact where the scores are whole numbers.
  private struct SumsOfSquares {
    var total = 0.0
    /// The sum of squares of all scores.
    var scores = 0.0
    // Sums of squares of the images' sums and of the seeds' sums.
    var images = 0.0
    var seeds = 0.0

    init(_ seeds: [[Double]], images: Int) {
      var sums = [Double](repeating: 0, count: images)
      for seed in seeds {
        var (sum, squares) = (0.0, 0.0)
        for (image, value) in seed.enumerated() {
          sums[image] += value
          sum += value
          squares += value * value
        }
        total += sum
        scores += squares
        self.seeds += sum * sum
      }
      self.images = sums.reduce(0) { $0 + $1 * $1 }
    }
  }
}

/// The scores of one trial over its test images, which can be compared with those of another trial.
struct ImageScores: Equatable {
  /// The way in which the images make up the metric.
  enum Form: Equatable {
    /// The metric is the mean of one number per image: 1 for right, 0 for wrong; −1…1 in a difference of two
    /// trials.
    case contributions([Double])
    /// The metric is no mean: its values when images are drawn again, with the same draws for all trials.
    case draws([Double])
  }

  /// The number of test images.
  let images: Int
  /// The metric, or the difference of two.
  let mean: Double
  let form: Form

  /// The number of draws for a metric that is no mean.
  static let draws = 1_000

  init(images: Int, mean: Double, _ form: Form) {
    (self.images, self.mean, self.form) = (images, mean, form)
  }

  init(_ values: [Double]) {
    let sum = values.reduce(0, +)
    self.init(images: values.count, mean: sum / Double(max(values.count, 1)), .contributions(values))
  }

  /// The scores of a metric: its contributions by image, or its values over the draws.
  init(_ metric: any Metric) {
    if let contributions = metric.contributions {
      self.init(contributions)
    } else {
      let draws = BootstrapDraws(images: metric.images, count: Self.draws)
      self.init(images: metric.images, mean: metric.value, .draws(draws.values(of: metric)))
    }
  }

  /// The least difference that two trials can have: 1 over the number of images, or 0 for a metric that is no
  /// mean.
  var resolution: Double { if case .contributions = form { 1 / Double(max(1, images)) } else { 0 } }

  /// True if both trials have the same form of scores on the same number of images.
  func isComparable(with other: ImageScores) -> Bool {
    switch (form, other.form) {
    case (.contributions, .contributions), (.draws, .draws): images == other.images
    default: false
    }
  }

  static func - (first: ImageScores, second: ImageScores) -> ImageScores {
    precondition(first.isComparable(with: second))
    func less(_ mine: [Double], _ others: [Double]) -> [Double] { zip(mine, others).map { $0 - $1 } }
    switch (first.form, second.form) {
    case (.contributions(let mine), .contributions(let others)): return ImageScores(less(mine, others))
    case (.draws(let mine), .draws(let others)):
      return ImageScores(
        images: first.images, mean: first.mean - second.mean, .draws(less(mine, others)))
    default: preconditionFailure("scores of two metrics")
    }
  }
}
