public import Graphs
public import Settings

/// A cost of weights themselves that is added to what a training minimizes, so that some of them become small or zero. One file in
/// `Penalties/` and one line in `PenaltyCatalogue`.
///
/// **Formula** `weight(t) · Σ_groups cost(‖w_g‖₂)`, a group being some elements of parameters, or each element alone.
///
/// **Gradient** by an element `weight(t) · slope(‖w_g‖₂) · w / ‖w_g‖₂`, and 0 where the group is zero.
///
/// The factor climbs from 0 over the first share `warmUp` of the training's updates, then stays. Unlike weight decay, which an
/// optimizer may scale by itself, a penalty is part of the loss.
public protocol Penalty: NamedKind {
  /// The factor, once it is reached.
  var weight: Float { get }
  /// The share of all updates over which the factor climbs from 0.
  var warmUp: Double { get }
  /// The layers whose weights it is a cost of; empty for all.
  var layers: [LayerPattern] { get }
  /// What of a network it is a cost of, in all layers; empty where the network has no such parameters.
  func elements(of graph: Graph) -> PenalizedElements
  /// The cost of a group of so many elements whose length is `magnitude`, and its derivative by that.
  func cost(of magnitude: Float, elements: Int) -> (value: Float, slope: Float)
}

extension Penalty {
  /// What it is a cost of in the layers that it is for: of elements that count together all must be of these.
  ///
  /// Throws where a pattern means no layer, and where nothing is left that is not frozen.
  func penalized(in graph: Graph, frozen: Set<String>) throws -> PenalizedElements {
    let nodes = layers.isEmpty ? graph.nodes : try graph.nodes(layers, for: "penalty \(Self.name)")
    let parameters = Set(nodes.flatMap { graph.slots(of: $0).map(\.name) })
    let elements = elements(of: graph).among(parameters.subtracting(frozen))
    guard !elements.isEmpty else { throw TrainingError.nothingToPenalize(penalty: Self.name) }
    return elements
  }

  /// The factor at a point of the training, 0 at its first update and 1 past its last.
  ///
  /// **Formula** `weight · min(1, progress / warmUp)`.
  public func factor(at progress: Double) -> Float {
    warmUp > progress ? weight * Float(progress / warmUp) : weight
  }
}

/// The elements that a penalty is a cost of.
public enum PenalizedElements: Sendable, Equatable {
  /// Each element of some parameters by itself.
  case single([String])
  /// Elements that count together.
  case groups([[Part]])

  /// The elements of one parameter that belong to a group, as places in row-major order.
  public struct Part: Sendable, Equatable {
    /// The parameter's name.
    public let parameter: String
    /// The places, ascending.
    public let places: [Int]
  }

  /// Those that are of some parameters alone.
  func among(_ parameters: Set<String>) -> PenalizedElements {
    switch self {
    case .single(let names): .single(names.filter(parameters.contains))
    case .groups(let groups):
      .groups(groups.filter { $0.allSatisfy { parameters.contains($0.parameter) } })
    }
  }

  /// Whether there is nothing to penalize.
  var isEmpty: Bool {
    switch self {
    case .single(let names): names.isEmpty
    case .groups(let groups): groups.isEmpty
    }
  }
}

/// Every penalty.
public enum PenaltyCatalogue: Catalogue {
  public static let all: [any Penalty.Type] = [L1.self, L2.self, GroupLasso.self, NormScale.self]
  public static var kinds: [any NamedKind.Type] { all }

  public static func cast(_ kind: any NamedKind) -> (any Penalty)? { kind as? any Penalty }
}

/// The settings that all penalties have.
enum PenaltySettings {
  static func of<P: Penalty>(
    _ weight: any WritableKeyPath<P, Float> & Sendable, _ warmUp: any WritableKeyPath<P, Double> & Sendable,
    _ layers: any WritableKeyPath<P, [LayerPattern]> & Sendable
  ) -> [Setting<P>] {
    [
      Setting("weight", weight, in: 0...1e6, "factor"),
      Setting("warmUp", warmUp, in: 0...1, "share of all updates over which the factor climbs from 0"),
      LayerPattern.setting(
        "layers", layers, "the layers whose weights it is a cost of; an empty list for all"),
    ]
  }
}

extension Graph {
  /// The weights to which decay applies: of convolutions and linear layers, not biases and norms.
  var decayingParameters: [String] { nodes.flatMap { decayingSlots(of: $0).map(\.name) } }

  /// The weights of a node to which decay applies; masters that are no weights are left alone.
  func decayingSlots(of node: Node) -> [(name: String, slot: ParameterSlot)] {
    slots(of: node).filter { $0.slot.decays && parameters[$0.name]?.encoding.mastersAreWeights ?? true }
  }
}
