public import Graphs

/// An op that a network has only while it trains, put there and taken away by a compression method; in inference it gives its first
/// input.
///
/// A checkpoint may hold it. No file of a network does, and no exporter knows it.
public protocol TrainingOp: Op {}

extension TrainingOp {
  /// Inference computes nothing.
  public var placement: OutputPlacement { .unmoved }
  public var valueFlow: ValueFlow { .vanishing }
}

extension OpCatalogue {
  /// Every op that a network may have while it trains.
  public static let trained = OpCatalogue(standard.types + [GaussianSample.self])
}
