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

  /// **Shapes** `seeds [n]`, each of `[N]` scores.
  init(_ seeds: [ImageScores]) {
    guard let images = seeds.first?.values.count, images > 1 else { return }
    guard seeds.allSatisfy({ $0.values.count == images }) else { return }
    let n = Double(seeds.count)
    let count = Double(images)
    let sums = SumsOfSquares(seeds, images: images)
    let constant = sums.total * sums.total / (n * count)
    let byImage = sums.images / n - constant
    let meanSquare = byImage / (count - 1)
    var interaction = 0.0
    var degrees = 0.0
    if seeds.count > 1 {
      degrees = (n - 1) * (count - 1)
      interaction = max(0, sums.scores - constant - byImage - (sums.seeds / count - constant)) / degrees
    }
    estimate = VarianceEstimate(
      variance: max(0, meanSquare - interaction) / (n * count), degreesOfFreedom: count - 1)
    isEstablished =
      seeds.count == 1
      || meanSquare > interaction
        && VarianceRatio.pValue(meanSquare / interaction, degreesOfFreedom: count - 1, degrees) < Self.level
  }

  /// The variance of a mean over these images, given that over seeds, which is independent of it.
  func added(to seeds: VarianceEstimate) -> VarianceEstimate {
    let sum = VarianceEstimate.sum([seeds, estimate])
    guard seeds.degreesOfFreedom > 0, !isEstablished else { return sum }
    return VarianceEstimate(variance: sum.variance, degreesOfFreedom: seeds.degreesOfFreedom)
  }

  /// The sums that an analysis of variance is made of; all are whole numbers.
  private struct SumsOfSquares {
    var total = 0.0
    /// Of every score, of every image's sum, of every seed's sum.
    var scores = 0.0
    var images = 0.0
    var seeds = 0.0

    init(_ seeds: [ImageScores], images: Int) {
      var sums = [Int](repeating: 0, count: images)
      for seed in seeds {
        var sum = 0
        var squares = 0
        for (image, value) in seed.values.enumerated() {
          sums[image] += Int(value)
          sum += Int(value)
          squares += Int(value) * Int(value)
        }
        total += Double(sum)
        scores += Double(squares)
        self.seeds += Double(sum) * Double(sum)
      }
      self.images = sums.reduce(0) { $0 + Double($1 * $1) }
    }
  }
}
