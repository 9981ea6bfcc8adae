public import Graphs

/// An op that a network has only while it trains, put there and taken away by a compression method.
///
/// A checkpoint may hold it. No file of a network does, and no exporter knows it. Most give their first input in inference.
public protocol TrainingOp: Op {
  /// Whether gradients are derivatives of what is computed, or stand in for derivatives that it does not have.
  var gradientsAreDerivatives: Bool { get }
}

extension TrainingOp {
  public var gradientsAreDerivatives: Bool { true }
  /// Inference computes nothing.
  public var placement: OutputPlacement { .unmoved }
  public var valueFlow: ValueFlow { .vanishing }
}

extension OpCatalogue {
  /// Every op that a network may have while it trains.
  public static let trained = OpCatalogue(standard.types + [GaussianSample.self, LearnedStep.self])
}
