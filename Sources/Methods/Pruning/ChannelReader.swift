import Graphs
import Tensors

/// A weight tensor that reads a value channel by channel.
struct ChannelReader {
  /// The node of the weight.
  let node: Node
  /// The name of the parameter, such as `conv2.weight`.
  let parameter: String
  /// The value that it reads.
  let value: String
  /// The axis that counts the value's channels.
  let axis: Int
  /// The weight as kernels see it.
  let weight: Tensor

  /// All readers of a graph, in its order.
  static func all(of graph: Graph) -> [ChannelReader] {
    graph.nodes.flatMap { node in
      graph.slots(of: node).compactMap { name, slot in
        guard let axis = slot.inputAxis, let value = node.inputs.first, let parameter = graph.parameters[name]
        else { return nil }
        return ChannelReader(
          node: node, parameter: name, value: value, axis: axis, weight: parameter.projected)
      }
    }
  }
}
