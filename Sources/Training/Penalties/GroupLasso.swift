public import Graphs
public import Settings
import Tensors

/// A cost of the lengths of whole channels: drives all weights that make a channel to zero together.
///
/// **Formula** `weight · Σ_g √n_g · ‖w_g‖₂`. g is a set of channels that can only be removed together, w_g
/// the n_g weights that make them in the filters of all layers whose channels are tied.
///
/// **Paper** Wen, Wu, Wang, Chen, Li, "Learning structured sparsity in deep neural networks", NIPS 2016,
/// arXiv:1608.03665; the factor √n: Yuan, Lin, "Model selection and estimation in regression with grouped
/// variables", 2006.
public struct GroupLasso: Penalty {
  /// The name in recipes: `group-lasso`.
  public static let name = "group-lasso"
  /// One line for `condense list`.
  public static let summary = "the Euclidean norms of the weights that make each removable channel"

  /// The factor of the penalty.
  public var weight: Float = 1e-5
  /// The share of all updates over which the factor climbs from 0.
  public var warmUp = 0.0
  /// The layers whose parameters it is a cost of; empty for all.
  public var layers: [LayerPattern] = []

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `weight`, `warmUp`, `layers`.
  public static var settings: [Setting<GroupLasso>] { PenaltySettings.of(\.weight, \.warmUp, \.layers) }

  /// One group for each unit of removable channels.
  public func elements(of graph: Graph) -> PenalizedElements {
    .groups(
      graph.channelGroups().flatMap { group in
        group.units.map { unit in
          group.values.flatMap { value in graph.filters(of: value, channels: unit.channels[value] ?? []) }
        }
      }.filter { !$0.isEmpty })
  }

  /// The cost √n·‖w‖₂ and its derivative √n.
  public func cost(of magnitude: Float, elements: Int) -> (value: Float, slope: Float) {
    let factor = Float(elements).squareRoot()
    return (factor * magnitude, factor)
  }
}

extension Graph {
  /// The weights that make some channels of a value.
  fileprivate func filters(of value: String, channels: [Int]) -> [PenalizedElements.Part] {
    guard let node = node(named: value) else { return [] }
    return decayingSlots(of: node).compactMap { name, slot in
      guard let axis = slot.outputAxis else { return nil }
      let inner = slot.shape.dimensions.dropFirst(axis + 1).reduce(1, *)
      let row = slot.shape[axis] * inner
      let places = stride(from: 0, to: slot.shape.count, by: max(row, 1)).flatMap { start in
        channels.sorted().flatMap { start + $0 * inner..<start + ($0 + 1) * inner }
      }
      return places.isEmpty ? nil : PenalizedElements.Part(parameter: name, places: places)
    }
  }
}
