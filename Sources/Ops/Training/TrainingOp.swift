public import Graphs

/// An op that a network has only while it trains; a compression method adds and removes it.
///
/// Checkpoints may contain it; files of networks and exporters do not. In inference, most return their first input.
public protocol TrainingOp: Op {}

extension TrainingOp {
  /// Unmoved: in inference the output is the input.
  public var placement: OutputPlacement { .unmoved }
  /// Vanishes in inference.
  public var valueFlow: ValueFlow { .vanishing }
}

extension OpCatalogue {
  /// Every op that a network may have while it trains.
  public static let trained = OpCatalogue(standard.types + [GaussianSample.self, LearnedStep.self])
}
