import Encodings
import Graphs
import Ops
import Tensors

extension Graph {
  /// The network in which chosen layers with integer weights learn the steps of these.
  ///
  /// Shared numbers keep the steps that they have.
  func learningWeightSteps(_ isChosen: (_ layer: String) -> Bool) -> Graph {
    var graph = self
    for node in nodes where node.op is any ProductOp && isChosen(node.name) {
      guard let weight = self[.weight, of: node.name], let learned = LearnedSteps(weight.encoding) else {
        continue
      }
      graph[.weight, of: node.name]?.encoding = learned
      graph[.step, of: node.name] = Parameter(Tensor(learned.steps, shape: [learned.steps.count]))
    }
    return graph
  }

  /// The network with weights on the integers whose steps have been learned, and without these steps.
  func settlingWeightSteps(for method: String) throws -> Graph {
    var graph = self
    for node in nodes {
      guard let learned = self[.weight, of: node.name]?.encoding as? LearnedSteps else { continue }
      guard let settled = learned.settled(self[.step, of: node.name]?.value.values ?? []) else {
        throw MethodError.impossible(
          method: method, node: node.name,
          reason:
            "the learned steps of its weights are too large; lower the learning rate, or set weightSteps: fixed"
        )
      }
      graph[.weight, of: node.name]?.encoding = settled
      graph[.step, of: node.name] = nil
    }
    return graph
  }
}
