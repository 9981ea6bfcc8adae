public import Graphs
public import Settings

/// A cost of squared weights: keeps weights small; with plain SGD it is weight decay.
///
/// **Formula** `weight/2 · Σ w²`, over the weights of convolutions and linear layers.
public struct L2: Penalty {
  /// The name in recipes: `l2`.
  public static let name = "l2"
  /// One line for `condense list`.
  public static let summary = "half the sum of squared weights"

  /// The factor of the penalty.
  public var weight: Float = 1e-4
  /// The share of all updates over which the factor climbs from 0.
  public var warmUp = 0.0
  /// The layers whose parameters it is a cost of; empty for all.
  public var layers: [LayerPattern] = []

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `weight`, `warmUp`, `layers`.
  public static var settings: [Setting<L2>] { PenaltySettings.of(\.weight, \.warmUp, \.layers) }

  /// Each weight to which decay applies.
  public func elements(of graph: Graph) -> PenalizedElements { .single(graph.decayingParameters) }

  /// The cost w²/2 and its derivative |w|.
  public func cost(of magnitude: Float, elements: Int) -> (value: Float, slope: Float) {
    (magnitude * magnitude / 2, magnitude)
  }
}
