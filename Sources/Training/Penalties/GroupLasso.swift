public import Graphs
public import Settings
import Tensors

/// The lengths of whole channels: drives all weights that make a channel to zero together.
///
/// **Formula** `weight · Σ_g √n_g · ‖w_g‖₂`, g being a set of channels that can only be removed together, w_g the n_g weights that
/// make them (those of the filters of every layer whose channels are tied).
///
/// **Paper** Wen, Wu, Wang, Chen, Li, "Learning structured sparsity in deep neural networks", NIPS 2016, arXiv:1608.03665; the
/// factor √n: Yuan, Lin, "Model selection and estimation in regression with grouped variables", 2006.
public struct GroupLasso: Penalty {
  public static let name = "group-lasso"
  public static let summary = "the lengths of the weights that make each removable channel"

  public var weight: Float = 1e-5
  public var warmUp = 0.0
  public var layers: [LayerPattern] = []

  public init() {}

  public static var settings: [Setting<GroupLasso>] { PenaltySettings.of(\.weight, \.warmUp, \.layers) }

  public func elements(of graph: Graph) -> PenalizedElements {
    .groups(
      graph.channelGroups().flatMap { group in
        group.units.map { unit in
          group.values.flatMap { value in graph.filters(of: value, channels: unit.channels[value] ?? []) }
        }
      }.filter { !$0.isEmpty })
  }

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
