public import Graphs

/// An op that a network has only while it trains; a compression method adds and removes it.
///
/// A checkpoint may hold it. No file of a network does, and no exporter knows it. Most give their first input in inference.
public protocol TrainingOp: Op {}

extension TrainingOp {
  /// Inference computes nothing.
  public var placement: OutputPlacement { .unmoved }
  /// Vanishes in inference.
  public var valueFlow: ValueFlow { .vanishing }
}

extension OpCatalogue {
  /// Every op that a network may have while it trains.
  public static let trained = OpCatalogue(standard.types + [GaussianSample.self, LearnedStep.self])
}
