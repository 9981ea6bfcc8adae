import Execution
import Graphs
import Tasks
import Tensors

extension Rewrite {
  /// The rewrite of a student as one of the whole training, with the layers of the objective.
  ///
  /// A layer of the objective keeps its weights if it reads as many channels as before, or if the remaining
  /// channels are known; otherwise it starts anew. `objective` is that of the rewritten student, `before` the
  /// student as it was, `state` the present weights.
  func joined(
    _ objective: Objective, before: Graph, _ state: TrainingState
  ) throws -> Rewrite {
    var joined = try objective.joined(to: graph)
    var origin = origin
    for node in objective.graph.nodes {
      let channels = node.inputs.first.flatMap { keptChannels(of: $0, before: before) }
      for (name, slot) in objective.graph.slots(of: node) {
        guard let present = state.parameters[name] else { continue }
        var kept: [Int: [Int]] = [:]
        if let axis = slot.inputAxis, let channels { kept[axis] = channels }
        let value = kept.reduce(present) { $0.gathering($1.value, axis: $1.key) }
        guard value.shape == slot.shape else { continue }
        joined.parameters[name]?.value = value
        origin[name] = Origin(parameter: name, kept: kept)
      }
    }
    return Rewrite(graph: joined, origin: origin)
  }

  /// The channels that remain of a value of the student; `nil` if they are not known.
  ///
  /// They are those of the parameter that makes them: of the node itself, or of an earlier one whose channels
  /// it follows.
  private func keptChannels(of value: String, before: Graph) -> [Int]? {
    var name = value
    while let node = graph.node(named: name) {
      for (parameter, slot) in graph.slots(of: node) {
        guard let axis = slot.outputAxis else { continue }
        guard let known = origin[parameter], let count = before.parameters[known.parameter]?.value.shape[axis]
        else { return nil }
        return known.kept[axis] ?? Array(0..<count)
      }
      guard node.op.channels(graph.inputShapes(of: node)) == .following, let first = node.inputs.first else {
        return nil
      }
      name = first
    }
    return nil
  }
}
