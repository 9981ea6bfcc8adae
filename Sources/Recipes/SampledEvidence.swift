import Graphs
import Methods
import Tensors
import Training
import Trials

/// Evidence for a plan: from a few images, with the time that all requested images would have taken.
///
/// A plan needs shapes and times. Shapes hardly depend on the number of images, and the time is proportional
/// to it.
final class SampledEvidence: Evidence {
  /// The largest number of images that are used: a batch of evidence.
  static let images = TrialMeasurement.batch

  private let whole: any Evidence
  /// The number of images in the data.
  private let available: Int
  /// The seconds that the left-out images would have taken.
  private(set) var sparedSeconds = 0.0

  /// Samples evidence.
  init(_ whole: any Evidence, available: Int) { (self.whole, self.available) = (whole, available) }

  func forEachGradient(images: Int, _ body: ([String: Tensor]) -> Void) throws {
    try sampled(images) { try whole.forEachGradient(images: $0, body) }
  }

  func forEachExample(
    of values: [String], images: Int, _ body: ([String: Tensor], _ classes: [Int]) -> Void
  ) throws {
    try sampled(images) { try whole.forEachExample(of: values, images: $0, body) }
  }

  func forEachActivation(
    of values: [String], images: Int, real: Bool, _ body: ([String: Tensor]) -> Void
  ) throws {
    try sampled(images) { try whole.forEachActivation(of: values, images: $0, real: real, body) }
  }

  func forEachActivation(
    of values: [String], in graph: Graph, images: Int, real: Bool, _ body: ([String: Tensor]) -> Void
  ) throws {
    try sampled(images) {
      try whole.forEachActivation(of: values, in: graph, images: $0, real: real, body)
    }
  }

  func forEachImageGradient(images: Int, _ body: ([String: Tensor]) -> Void) throws {
    try sampled(images) { try whole.forEachImageGradient(images: $0, body) }
  }

  func hessianProduct(_ direction: [String: Tensor], images: Int) throws -> [String: Tensor] {
    try sampled(images) { try whole.hessianProduct(direction, images: $0) }
  }

  func meanLoss(of changed: Graph, images: Int) throws -> Double {
    try sampled(images) { try whole.meanLoss(of: changed, images: $0) }
  }

  func latencyMs(of graph: Graph, on target: String) throws -> Double {
    try whole.latencyMs(of: graph, on: target)
  }

  func initialWeights() throws -> [String: Tensor] { try whole.initialWeights() }

  /// Uses some of the images, and adds the time that the others would have taken.
  private func sampled<Result>(_ images: Int, _ look: (Int) throws -> Result) rethrows -> Result {
    let (asked, seen) = (min(images, available), min(images, available, Self.images))
    let began = ContinuousClock.now
    defer {
      let seconds = (ContinuousClock.now - began).inSeconds
      sparedSeconds += seconds * max(0, Double(asked) / Double(max(seen, 1)) - 1)
    }
    return try look(seen)
  }
}
