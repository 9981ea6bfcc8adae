import DNNL
import Execution
import Graphs
import Tensors
import TestSupport

extension Rewrite {
  /// The units whose channels were removed, found by the slices that layers kept.
  func removedUnits(from graph: Graph) -> [ChannelUnit] {
    var gone: [String: Set<Int>] = [:]
    for node in graph.nodes {
      for (name, slot) in graph.slots(of: node) {
        guard let axis = slot.outputAxis, let kept = origin[name]?.kept[axis] else { continue }
        gone[node.name] = Set(0..<slot.shape[axis]).subtracting(kept)
      }
    }
    return graph.channelGroups().flatMap(\.units).filter { unit in
      unit.channels.contains { value, channels in gone[value].map { !$0.isDisjoint(with: channels) } ?? false
      }
    }
  }

  /// The original network with the new weights in the slices that were kept.
  func expanded(to graph: Graph) -> Graph {
    var graph = graph
    for (name, origin) in origin {
      guard var old = graph.parameters[origin.parameter]?.value, let new = self.graph.parameters[name]?.value
      else { continue }
      var places = Tensor(old.values.indices.map { Float($0) }, shape: old.shape)
      for (axis, kept) in origin.kept { places = places.gathering(kept, axis: axis) }
      for (place, value) in zip(places.values, new.values) { old.values[Int(place)] = value }
      graph.parameters[origin.parameter]?.value = old
    }
    return graph
  }

  /// The outputs that differ from those of the original network with the new weights and the removed channels
  /// ignored.
  func shrinkingViolations(
    of graph: Graph, backend: any Backend = ReferenceBackend(), tolerance: Float = 1e-5
  ) throws -> [String] {
    let units = removedUnits(from: graph)
    let expanded = expanded(to: graph)
    guard try expanded.removingChannels(units).graph == self.graph else {
      return ["is not what surgery makes of it"]
    }
    let (truth, found) = (
      try expanded.masking(units).outputValues(by: backend), try self.graph.outputValues(by: backend)
    )
    return zip(graph.outputs, zip(truth, found)).compactMap { name, values in
      let scale = values.0.map(abs).max() ?? 0
      let error = zip(values.0, values.1).map { abs($0 - $1) }.max() ?? 0
      let isEqual = values.0.count == values.1.count && scale > 0 && error <= tolerance * scale
      return isEqual ? nil : "\(name): differs by \(error) of \(scale)"
    }
  }
}
