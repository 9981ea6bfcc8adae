public import Execution
public import Graphs
import Tensors

extension Graph {
  /// A random set of removable channels: up to half of the units of every group, and at least one if it has
  /// two.
  public func someRemovableUnits(seed: UInt64) -> [ChannelUnit] {
    var random = SeededRandom(seed: seed, purpose: "units")
    return channelGroups().flatMap { group in
      let count = group.units.count / 2
      let order = random.permutation(group.units.count)
      return order.prefix(count > 1 ? 1 + random.below(count) : count).map { group.units[$0] }
    }
  }

  /// The graph with the channels ignored: the weights that read them in layers that mix channels are zero.
  public func masking(_ units: [ChannelUnit]) -> Graph {
    var masked = self
    for node in nodes where node.op.channels(inputShapes(of: node)) == .mixing {
      let removed = units.flatMap { $0.channels[node.inputs[0]] ?? [] }
      for (name, slot) in slots(of: node) {
        guard let axis = slot.inputAxis, var tensor = parameters[name]?.value else { continue }
        let inner = slot.shape.dimensions[(axis + 1)...].reduce(1, *)
        for i in tensor.values.indices where removed.contains(i / inner % slot.shape[axis]) {
          tensor.values[i] = 0
        }
        masked.parameters[name] = Parameter(tensor)
      }
    }
    return masked
  }

  /// The outputs that differ between the graph without some channels and the graph that ignores them.
  public func removalViolations(_ units: [ChannelUnit], tolerance: Double = 1e-5) throws -> [String] {
    let removed = try removingChannels(units).graph
    try removed.verify()
    let truth = try masking(units).outputValues()
    let found = try removed.outputValues()
    return outputs.indices.compactMap { index in
      let error = norm(zip(found[index], truth[index]).map { $0 - $1 })
      let limit = tolerance * norm(truth[index])
      let isEqual = found[index].count == truth[index].count && error <= limit
      return isEqual ? nil : "\(outputs[index]): differs by \(error), allowed \(limit)"
    }
  }

  /// All outputs for two random images in inference, one list for each output.
  public func outputValues(by backend: any Backend = ReferenceBackend()) throws -> [[Float]] {
    let plan = try backend.compile(self, PlanOptions(batch: 2, mode: .inference))
    let images = inputs.flatMap {
      Tensor(random: Shape([2] + $0.shape.dimensions), seed: 31, "images " + $0.name).values
    }
    plan.forward(images.span, key: 0)
    return try outputs.map { name in
      let tap = try plan.tap(name)
      var values = Array(repeating: Float(0), count: tap.count)
      var span = values.mutableSpan
      plan.readTap(tap, into: &span)
      return values
    }
  }
}

extension Rewrite {
  /// The units of a network whose channels are gone here, found by the slices that layers kept.
  public func removedUnits(from graph: Graph) -> [ChannelUnit] {
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
}
