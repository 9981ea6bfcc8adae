import Tensors

/// Draws of images anew with replacement, the same for all networks that were judged on as many images.
///
/// **Paper** Efron, Tibshirani, "An introduction to the bootstrap", 1993.
public struct BootstrapDraws: Sendable {
  /// How many images each draw is of.
  public let images: Int
  /// How many draws there are.
  public let count: Int
  private let seed: UInt64

  /// Draws of `images` images; the same numbers give the same draws.
  public init(images: Int, count: Int = 2_000, seed: UInt64 = 0) {
    precondition(images > 0 && count > 0, "draws of some images")
    (self.images, self.count, self.seed) = (images, count, seed)
  }

  /// The metric of every draw.
  public func values(of metric: some Metric) -> [Double] {
    precondition(metric.images == images, "draws are over the images that were judged")
    var weights = [Int](repeating: 0, count: images)
    return (0..<count).map { draw in
      var random = SeededRandom(seed: seed, purpose: "bootstrap of images", draw)
      for image in weights.indices { weights[image] = 0 }
      for _ in 0..<images { weights[random.below(images)] += 1 }
      return metric.value(weights: weights)
    }
  }
}

/// Whether two networks differ on a metric beyond the chance of which images were judged.
///
/// Images are drawn anew with replacement, the same for both, and the metric is taken of each draw.
///
/// **Formula** the interval holds the middle `confidence` of the differences of all draws; `p = min(1, 2·(1 + k)/(1 + draws))`,
/// k being the draws on the rarer side of zero, ties counted on both.
public struct PairedBootstrap: Sendable, Equatable {
  /// The difference of both metrics' values, the second's less the first's.
  public let difference: Double
  /// The ends of its interval.
  public let low, high: Double
  /// The two-sided probability of such a difference between equal networks.
  public let pValue: Double

  /// Compares two networks that judged the same images in the same order.
  ///
  /// - Parameters:
  ///   - confidence: the share of draws within the interval, 0…1, both excluded.
  ///   - draws: at least 1; the same seed gives the same numbers.
  public init<M: Metric>(
    _ first: M, _ second: M, confidence: Double = 0.95, draws: Int = 2_000, seed: UInt64 = 0
  ) {
    precondition(first.images == second.images, "a paired comparison is over the same images")
    precondition(confidence > 0 && confidence < 1, "an interval that holds some and leaves some")
    difference = second.value - first.value
    let drawn = BootstrapDraws(images: first.images, count: draws, seed: seed)
    let differences = zip(drawn.values(of: first), drawn.values(of: second)).map { $1 - $0 }.sorted()
    let outside = (1 - confidence) / 2
    low = differences[Int((outside * Double(draws - 1)).rounded())]
    high = differences[Int(((1 - outside) * Double(draws - 1)).rounded())]
    let below = differences.count { $0 <= 0 }
    let above = differences.count { $0 >= 0 }
    pValue = min(1, 2 * Double(1 + min(below, above)) / Double(1 + draws))
  }
}
