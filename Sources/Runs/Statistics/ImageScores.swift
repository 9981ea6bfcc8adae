import Metrics

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
