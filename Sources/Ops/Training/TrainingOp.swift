public import Graphs

/// An op that a network has only while it trains; a compression method adds and removes it.
///
/// A checkpoint may hold it. No file of a network does, and no exporter knows it. In inference most return
/// their first input.
public protocol TrainingOp: Op {
  /// True if gradients are derivatives; false if they stand in for derivatives that do not exist.
  var gradientsAreDerivatives: Bool { get }
}

extension TrainingOp {
  /// True for most ops.
  public var gradientsAreDerivatives: Bool { true }
  /// The output is the input: nothing is computed in inference.
  public var placement: OutputPlacement { .unmoved }
  /// Vanishes in inference.
  public var valueFlow: ValueFlow { .vanishing }
}

extension OpCatalogue {
  /// Every op that a network may have while it trains.
  public static let trained = OpCatalogue(standard.types + [GaussianSample.self, LearnedStep.self])
}
