import Metrics

/// How much a mean over seeds varies because these and no other images were drawn for the test.
///
/// Scores are crossed, each seed with each image. What images share over seeds is the part that another draw of images
/// would change; the rest of their spread is noise of single trials, which the variance over seeds holds already.
///
/// **Formula** with `n` seeds and `N` images, `max(0, MS_image - MS_interaction) / (n N)`, where `MS_image` is `n` times the
/// variance over images of the mean over seeds, and `MS_interaction` the mean square of what remains of the scores without
/// the means of seeds and images. With one seed `MS_interaction` is unknown and counts as 0. With test sets of
/// different size seeds were scored on images of their own, and the seeds hold all variance: 0.
///
/// **Paper** Dorfman, Berbaum, Metz, "Receiver operating characteristic rating analysis", Investigative Radiology 27, 1992:
/// the same two crossed random effects.
struct ImageVariance: Equatable {
  /// Of the mean.
  var estimate = VarianceEstimate.none
  /// Whether images share anything at all, by an F test at 0.05. What may be chance adds to the variance but not to the
  /// degrees of freedom: these would make the few of the seeds look many.
  var isEstablished = false

  private static let level = 0.05

  private init() {}

  /// Of a mean over seeds; none where the seeds were judged on other numbers of images, or on one alone.
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

  /// The same by drawing images anew: what the draws of all seeds share is the images' part.
  ///
  /// **Formula** with `V` the variance over draws of the mean over seeds and `W` the mean over seeds of the variance over
  /// draws, `(n V - W) / (n - 1)`, which estimates what the formula above does; `V` for one seed. `MS_image / MS_interaction` is
  /// `(n - 1) V / (W - V)`.
  ///
  /// Both are known from `D` draws only: their degrees of freedom are `1/(1/(N - 1) + 1/(D - 1))`.
  ///
  /// **Shapes** `seeds [n]`, each of `[draws]` values of the metric.
  private init(draws seeds: [[Double]], images: Int) {
    let n = Double(seeds.count)
    let degrees = 1 / (1 / Double(images - 1) + 1 / Double(max(1, seeds[0].count - 1)))
    let means = seeds[0].indices.map { draw in seeds.reduce(0) { $0 + $1[draw] } / n }
    // Drawing from N images varies by 1 - 1/N of what N fresh ones would.
    let correction = Double(images) / Double(images - 1)
    let shared = VarianceEstimate(of: means).variance * correction
    let alone = seeds.map { VarianceEstimate(of: $0).variance * correction }.reduce(0, +) / n
    self.init(
      variance: seeds.count > 1 ? (n * shared - alone) / (n - 1) : shared,
      ratio: ((n - 1) * shared, max(0, alone - shared)), seeds: seeds.count, degrees: degrees)
  }

  /// `ratio` holds two mean squares, up to a common factor: that of images, and that of what images and seeds leave unexplained.
  private init(variance: Double, ratio: (images: Double, rest: Double), seeds: Int, degrees: Double) {
    estimate = VarianceEstimate(variance: max(0, variance), degreesOfFreedom: degrees)
    isEstablished =
      seeds == 1
      || ratio.images > ratio.rest
        && VarianceRatio.pValue(
          ratio.images / ratio.rest, degreesOfFreedom: degrees, Double(seeds - 1) * degrees) < Self.level
  }

  /// The variance of a mean over these images, given that over seeds, which is independent of it.
  func added(to seeds: VarianceEstimate) -> VarianceEstimate {
    let sum = VarianceEstimate.sum([seeds, estimate])
    guard seeds.degreesOfFreedom > 0, !isEstablished else { return sum }
    return VarianceEstimate(variance: sum.variance, degreesOfFreedom: seeds.degreesOfFreedom)
  }

  /// The sums that an analysis of variance is made of; whole numbers where scores are.
  private struct SumsOfSquares {
    var total = 0.0
    /// Of every score, of every image's sum, of every seed's sum.
    var scores = 0.0
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

/// What test images say of one trial's metric, and how two trials compare over them.
struct ImageScores: Equatable {
  /// How the images carry the metric.
  enum Form: Equatable {
    /// It is the mean of one number an image: 1 told right, 0 told wrong; in a difference of two trials -1…1.
    case contributions([Double])
    /// It is no mean: its value when images are drawn anew, the same draws for all trials.
    case draws([Double])
  }

  /// How many images were judged.
  let images: Int
  /// The metric, or the difference of two.
  let mean: Double
  let form: Form

  /// How often images are drawn anew for a metric that is no mean.
  static let draws = 1_000

  init(images: Int, mean: Double, _ form: Form) {
    (self.images, self.mean, self.form) = (images, mean, form)
  }

  init(_ values: [Double]) {
    let sum = values.reduce(0, +)
    self.init(images: values.count, mean: sum / Double(max(values.count, 1)), .contributions(values))
  }

  /// What a metric's images say.
  init(_ metric: any Metric) {
    if let contributions = metric.contributions {
      self.init(contributions)
    } else {
      let draws = BootstrapDraws(images: metric.images, count: Self.draws)
      self.init(images: metric.images, mean: metric.value, .draws(draws.values(of: metric)))
    }
  }

  /// The least difference that two trials can have: 1 over the number of images, where images are told right or wrong.
  var resolution: Double { if case .contributions = form { 1 / Double(max(1, images)) } else { 0 } }

  /// Whether two trials were judged on as many images in the same way.
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
