public import Graphs
public import Settings

/// The absolute scales of batch norms: drives whole channels to nothing, after which `network-slimming` removes them.
///
/// **Formula** `weight · Σ |scale|`, over all channels of all batch norms.
///
/// **Paper** Liu, Li, Shen, Huang, Yan, Zhang, "Learning efficient convolutional networks through network slimming", ICCV 2017,
/// arXiv:1708.06519: 1e-4 for VGG, 1e-5 for ResNet and DenseNet.
public struct NormScale: Penalty {
  public static let name = "norm-scale"
  public static let summary = "the absolute scales of batch norms"

  public var weight: Float = 1e-4
  public var warmUp = 0.0
  public var layers: [LayerPattern] = []

  public init() {}

  public static var settings: [Setting<NormScale>] { PenaltySettings.of(\.weight, \.warmUp, \.layers) }

  public func elements(of graph: Graph) -> PenalizedElements {
    .single(
      graph.nodes.flatMap { node in
        graph.slots(of: node).filter { $0.slot.role == .scale }.map(\.name)
      })
  }

  public func cost(of magnitude: Float, elements: Int) -> (value: Float, slope: Float) { (magnitude, 1) }
}
