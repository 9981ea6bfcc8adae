/// Which test images one trial told right, and how two trials compare image by image.
struct ImageScores: Equatable {
  /// One score an image: 1 told right, 0 told wrong; in a difference of two trials -1…1.
  let values: [Int8]

  init(_ values: [Int8]) { self.values = values }

  /// The scores of a bit set: bit `i` is bit `i mod 8` of byte `i / 8`, least significant first.
  init(bits: [UInt8], images: Int) {
    precondition(bits.count * 8 >= images, "\(bits.count) bytes hold no \(images) bits")
    values = (0..<images).map { Int8(bits[$0 >> 3] >> UInt8($0 & 7) & 1) }
  }

  var mean: Double { Double(values.reduce(into: 0) { $0 += Int($1) }) / Double(max(values.count, 1)) }

  static func - (first: ImageScores, second: ImageScores) -> ImageScores {
    precondition(first.values.count == second.values.count)
    return ImageScores(zip(first.values, second.values).map { $0 - $1 })
  }

  /// How much the mean over seeds varies because these and no other images were drawn for the test.
  ///
  /// Scores are crossed, each seed with each image. What images share over seeds is the part that another draw of images
  /// would change; the rest of their spread is noise of single trials, which the variance over seeds holds already.
  ///
  /// **Formula** with `n` seeds and `N` images, `max(0, MS_image - MS_interaction) / (n N)`, where `MS_image` is `n` times
  /// the variance over images of the mean over seeds, and `MS_interaction` the mean square of what remains of
  /// the scores without the means of seeds and images. With one seed `MS_interaction` is unknown and counts as 0.
  /// With test sets of different size, seeds were scored on images of their own, and the seeds hold all variance: 0.
  ///
  /// **Shapes** `seeds [n]`, each of `[N]` scores.
  ///
  /// **Paper** Dorfman, Berbaum, Metz, "Receiver operating characteristic rating analysis", Investigative Radiology 27,
  /// 1992: the same two crossed random effects.
  static func imageVariance(_ seeds: [ImageScores]) -> VarianceEstimate {
    guard let first = seeds.first, first.values.count > 1 else { return .none }
    let images = first.values.count
    guard seeds.allSatisfy({ $0.values.count == images }) else { return .none }
    let n = Double(seeds.count)
    let count = Double(images)
    let sums = SumsOfSquares(seeds, images: images)
    let byImage = sums.images / n - sums.total * sums.total / (n * count)
    let meanSquare = byImage / (count - 1)
    guard seeds.count > 1 else {
      return VarianceEstimate(variance: meanSquare / count, degreesOfFreedom: count - 1)
    }
    let bySeed = sums.seeds / count - sums.total * sums.total / (n * count)
    let all = sums.scores - sums.total * sums.total / (n * count)
    let interaction = (all - byImage - bySeed) / ((n - 1) * (count - 1))
    return VarianceEstimate(
      variance: max(0, meanSquare - interaction) / (n * count), degreesOfFreedom: count - 1)
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
