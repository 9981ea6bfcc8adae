public import Graphs
public import Settings

/// Half the sum of squared weights: keeps weights small. With plain SGD it is weight decay.
///
/// **Formula** `weight/2 · Σ w²`, over the weights of convolutions and linear layers.
public struct L2: Penalty {
  public static let name = "l2"
  public static let summary = "half the sum of squared weights"

  public var weight: Float = 1e-4
  public var warmUp = 0.0
  public var layers: [LayerPattern] = []

  public init() {}

  public static var settings: [Setting<L2>] { PenaltySettings.of(\.weight, \.warmUp, \.layers) }

  public func elements(of graph: Graph) -> PenalizedElements { .single(graph.decayingParameters) }

  public func cost(of magnitude: Float, elements: Int) -> (value: Float, slope: Float) {
    (magnitude * magnitude / 2, magnitude)
  }
}
