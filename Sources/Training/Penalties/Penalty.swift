public import Graphs
public import Settings

/// A cost of the weights themselves, added to the loss so that some of them become small or zero.
///
/// **Formula** `weight(t) · Σ_groups cost(‖w_g‖₂)`; a group is some elements of parameters, or each element
/// alone.
///
/// **Gradient** by an element `weight(t) · slope(‖w_g‖₂) · w / ‖w_g‖₂`, and 0 if the group is zero.
///
/// The factor climbs from 0 over the first share `warmUp` of the training's updates, then stays. Unlike
/// weight decay, which an optimizer may scale separately, a penalty is part of the loss. A penalty is one
/// file in `Penalties/` and one line in `PenaltyCatalogue`.
public protocol Penalty: NamedKind {
  /// The factor after the climb.
  var weight: Float { get }
  /// The share of all updates over which the factor climbs from 0.
  var warmUp: Double { get }
  /// The layers whose parameters it is a cost of; empty for all.
  var layers: [LayerPattern] { get }
  /// The elements of a network that it is a cost of, in all layers; empty if the network has no such
  /// parameters.
  func elements(of graph: Graph) -> PenalizedElements
  /// The cost of a group of `elements` elements whose length is `magnitude`, and its derivative by that.
  func cost(of magnitude: Float, elements: Int) -> (value: Float, slope: Float)
}

extension Penalty {
  /// The elements in the layers of the penalty; a group counts only if all of its elements are there.
  ///
  /// Throws if a pattern matches no layer, and if no element remains that is not frozen.
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
    /// The name of the parameter.
    public let parameter: String
    /// The places, ascending.
    public let places: [Int]
  }

  /// The elements that are of some parameters alone.
  func among(_ parameters: Set<String>) -> PenalizedElements {
    switch self {
    case .single(let names): .single(names.filter(parameters.contains))
    case .groups(let groups):
      .groups(groups.filter { $0.allSatisfy { parameters.contains($0.parameter) } })
    }
  }

  /// True if there is nothing to penalize.
  var isEmpty: Bool {
    switch self {
    case .single(let names): names.isEmpty
    case .groups(let groups): groups.isEmpty
    }
  }
}

/// All penalties.
public enum PenaltyCatalogue: Catalogue {
  /// The penalties, in the order of the documentation.
  public static let all: [any Penalty.Type] = [L1.self, L2.self, GroupLasso.self, NormScale.self]
  /// The same types as named kinds.
  public static var kinds: [any NamedKind.Type] { all }

  /// The kind as a penalty; `nil` if it is none.
  public static func cast(_ kind: any NamedKind) -> (any Penalty)? { kind as? any Penalty }
}

/// The settings that all penalties have.
enum PenaltySettings {
  /// Settings: `weight`, `warmUp`, `layers`.
  static func of<P: Penalty>(
    _ weight: any WritableKeyPath<P, Float> & Sendable, _ warmUp: any WritableKeyPath<P, Double> & Sendable,
    _ layers: any WritableKeyPath<P, [LayerPattern]> & Sendable
  ) -> [Setting<P>] {
    [
      Setting("weight", weight, in: 0...1e6, "factor of the cost"),
      Setting("warmUp", warmUp, in: 0...1, "share of all updates over which the factor rises from 0"),
      LayerPattern.setting(
        "layers", layers, "layers whose weights have the cost; an empty list for all layers"),
    ]
  }
}

extension Graph {
  /// The weights to which decay applies: those of convolutions and linear layers, not biases and norms.
  var decayingParameters: [String] { nodes.flatMap { decayingSlots(of: $0).map(\.name) } }

  /// The weights of a node to which decay applies; masters that are no weights are left out.
  func decayingSlots(of node: Node) -> [(name: String, slot: ParameterSlot)] {
    slots(of: node).filter { $0.slot.decays && parameters[$0.name]?.encoding.mastersAreWeights ?? true }
  }
}
