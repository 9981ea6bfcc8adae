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
  /// What of a network it is a cost of; empty where the network has no such parameters.
  func elements(of graph: Graph) -> PenalizedElements
  /// The cost of a group of so many elements whose length is `magnitude`, and its derivative by that.
  func cost(of magnitude: Float, elements: Int) -> (value: Float, slope: Float)
}

extension Penalty {
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
    _ weight: any WritableKeyPath<P, Float> & Sendable, _ warmUp: any WritableKeyPath<P, Double> & Sendable
  ) -> [Setting<P>] {
    [
      Setting("weight", weight, in: 0...1e6, "factor"),
      Setting("warmUp", warmUp, in: 0...1, "share of all updates over which the factor climbs from 0"),
    ]
  }
}

extension Graph {
  /// The weights to which decay applies: of convolutions and linear layers, not biases and norms.
  var decayingParameters: [String] {
    nodes.flatMap { node in slots(of: node).filter(\.slot.decays).map(\.name) }
  }
}
