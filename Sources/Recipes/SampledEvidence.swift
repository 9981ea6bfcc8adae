import Graphs
import Methods
import Tensors
import Training
import Trials

/// Evidence for a plan: of a few images instead of as many as are asked for, with the time that all would have taken.
///
/// A plan needs shapes and times. Shapes hardly depend on how many images a criterion saw, and time is proportional to it.
final class SampledEvidence: Evidence {
  /// The most images that are looked at: a batch of evidence.
  static let images = TrialMeasurement.batch

  private let whole: any Evidence
  /// Images that there are.
  private let available: Int
  /// Seconds that the images left out would have taken.
  private(set) var sparedSeconds = 0.0

  /// Samples evidence of so many images.
  init(_ whole: any Evidence, available: Int) { (self.whole, self.available) = (whole, available) }

  func forEachGradient(images: Int, _ body: ([String: Tensor]) -> Void) throws {
    try sampled(images) { try whole.forEachGradient(images: $0, body) }
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

  /// Looks at some of the images, and notes what the others would have taken.
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
