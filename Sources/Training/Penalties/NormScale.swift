public import Graphs
public import Settings

/// A cost of the absolute scales of batch norms: drives whole channels to zero.
///
/// `network-slimming` removes such channels.
///
/// **Formula** `weight · Σ |scale|`, over all channels of all batch norms.
///
/// **Paper** Liu, Li, Shen, Huang, Yan, Zhang, "Learning efficient convolutional networks through network
/// slimming", ICCV 2017, arXiv:1708.06519, with 1e-4 for VGG, 1e-5 for ResNet and DenseNet.
public struct NormScale: Penalty {
  /// The name in recipes: `norm-scale`.
  public static let name = "norm-scale"
  /// One line for `condense list`.
  public static let summary = "the sum of absolute scales of batch norms"

  /// The factor of the penalty.
  public var weight: Float = 1e-4
  /// The share of all updates over which the factor climbs from 0.
  public var warmUp = 0.0
  /// The layers whose parameters it is a cost of; empty for all.
  public var layers: [LayerPattern] = []

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `weight`, `warmUp`, `layers`.
  public static var settings: [Setting<NormScale>] { PenaltySettings.of(\.weight, \.warmUp, \.layers) }

  /// Each scale of a batch norm.
  public func elements(of graph: Graph) -> PenalizedElements {
    .single(
      graph.nodes.flatMap { node in
        graph.slots(of: node).filter { $0.slot.role == .scale }.map(\.name)
      })
  }

  /// The cost |scale| and its derivative 1.
  public func cost(of magnitude: Float, elements: Int) -> (value: Float, slope: Float) { (magnitude, 1) }
}
