public import Graphs
public import Settings

/// A cost of absolute weights: drives weights that do little to zero.
///
/// **Formula** `weight · Σ |w|`, over the weights of convolutions and linear layers.
///
/// **Paper** Han, Pool, Tran, Dally, "Learning both weights and connections for efficient neural networks",
/// NIPS 2015, arXiv:1506.02626, which compares it with L2.
public struct L1: Penalty {
  /// The name in recipes: `l1`.
  public static let name = "l1"
  /// One line for `condense list`.
  public static let summary = "the sum of absolute weights"

  /// The factor of the penalty.
  public var weight: Float = 1e-5
  /// The share of all updates over which the factor climbs from 0.
  public var warmUp = 0.0
  /// The layers whose parameters it is a cost of; empty for all.
  public var layers: [LayerPattern] = []

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `weight`, `warmUp`, `layers`.
  public static var settings: [Setting<L1>] { PenaltySettings.of(\.weight, \.warmUp, \.layers) }

  /// Each weight to which decay applies.
  public func elements(of graph: Graph) -> PenalizedElements { .single(graph.decayingParameters) }

  /// The cost |w| and its derivative 1.
  public func cost(of magnitude: Float, elements: Int) -> (value: Float, slope: Float) { (magnitude, 1) }
}
