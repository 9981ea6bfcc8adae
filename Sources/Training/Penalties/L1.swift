public import Graphs
public import Settings

/// The sum of absolute weights: drives weights that do little to zero.
///
/// **Formula** `weight · Σ |w|`, over the weights of convolutions and linear layers.
///
/// **Paper** Han, Pool, Tran, Dally, "Learning both weights and connections for efficient neural networks", NIPS 2015,
/// arXiv:1506.02626, which compares it with L2.
public struct L1: Penalty {
  public static let name = "l1"
  public static let summary = "the sum of absolute weights"

  public var weight: Float = 1e-5
  public var warmUp = 0.0
  public var layers: [LayerPattern] = []

  public init() {}

  public static var settings: [Setting<L1>] { PenaltySettings.of(\.weight, \.warmUp, \.layers) }

  public func elements(of graph: Graph) -> PenalizedElements { .single(graph.decayingParameters) }

  public func cost(of magnitude: Float, elements: Int) -> (value: Float, slope: Float) { (magnitude, 1) }
}
