import Tensors

/// Whether two networks differ on a metric beyond the chance of which images were judged.
///
/// Images are drawn anew with replacement, the same for both, and the metric is taken of each draw.
///
/// **Formula** the interval holds the middle `confidence` of the differences of `draws` draws; `p = min(1, 2·(1 + k)/(1 + draws))`,
/// k being the draws on the rarer side of zero, ties counted on both.
///
/// **Paper** Efron, Tibshirani, "An introduction to the bootstrap", 1993.
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
    precondition(draws > 0 && confidence > 0 && confidence < 1, "draws and confidence are positive")
    difference = second.value - first.value
    let images = first.images
    var random = SeededRandom(seed: seed, purpose: "paired bootstrap")
    var weights = [Int](repeating: 0, count: images)
    var differences: [Double] = []
    differences.reserveCapacity(draws)
    for _ in 0..<draws {
      for i in weights.indices { weights[i] = 0 }
      for _ in 0..<images { weights[random.below(max(images, 1))] += 1 }
      differences.append(second.value(weights: weights) - first.value(weights: weights))
    }
    differences.sort()
    let outside = (1 - confidence) / 2
    low = differences[Int((outside * Double(draws - 1)).rounded())]
    high = differences[Int(((1 - outside) * Double(draws - 1)).rounded())]
    let below = differences.count { $0 <= 0 }
    let above = differences.count { $0 >= 0 }
    pValue = min(1, 2 * Double(1 + min(below, above)) / Double(1 + draws))
  }
}
