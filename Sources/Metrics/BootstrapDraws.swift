import Foundation
import Synchronization
import Tensors

/// Draws of images anew with replacement, the same for all networks that were judged on as many images: two metrics are compared
/// draw by draw.
///
/// **Paper** Efron, Tibshirani, "An introduction to the bootstrap", 1993.
public struct BootstrapDraws: Sendable {
  /// How many images each draw is of.
  public let images: Int
  /// How many draws there are.
  public let count: Int
  private let seed: UInt64

  /// Draws of `images` images; the same numbers give the same draws.
  public init(images: Int, count: Int, seed: UInt64 = 0) {
    precondition(images > 0 && count > 0, "draws of some images")
    (self.images, self.count, self.seed) = (images, count, seed)
  }

  /// The metric of every draw, in the order of draws, computed by all cores.
  public func values(of metric: any Metric) -> [Double] {
    precondition(metric.images == images, "draws are over the images that were judged")
    let values = Mutex([Double](repeating: 0, count: count))
    parallelChunks(count, grain: 8, threads: ProcessInfo.processInfo.activeProcessorCount) { draws in
      var weights = [Int](repeating: 0, count: images)
      for draw in draws {
        var random = SeededRandom(seed: seed, purpose: "bootstrap of images", draw)
        for image in weights.indices { weights[image] = 0 }
        for _ in 0..<images { weights[random.below(images)] += 1 }
        let value = metric.value(weights: weights)
        values.withLock { $0[draw] = value }
      }
    }
    return values.withLock { $0 }
  }
}
