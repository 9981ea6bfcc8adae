import Foundation
import Synchronization
import Tensors

/// Random draws of images with replacement, the same for all networks that were judged on as many images.
///
/// Two metrics are compared draw by draw.
///
/// **Paper** Efron, Tibshirani, "An introduction to the bootstrap", 1993.
public struct BootstrapDraws: Sendable {
  /// The number of images that each draw takes.
  public let images: Int
  /// The number of draws.
  public let count: Int
  private let seed: UInt64

  /// Makes draws of `images` images; equal arguments give equal draws.
  public init(images: Int, count: Int, seed: UInt64 = 0) {
    precondition(images > 0 && count > 0, "draws of some images")
    (self.images, self.count, self.seed) = (images, count, seed)
  }

  /// Returns the metric of every draw, in the order of draws, computed on all cores.
  ///
  /// The metric must be over `images` images.
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
