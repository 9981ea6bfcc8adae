import Graphs
import Ops
import Tensors

extension Add: TFLiteNode {
  /// Writes sums of two values one after another; intermediate sums have the grid of the result.
  func write(_ node: Node, to builder: inout TFLiteBuilder) {
    let shape = TFLiteBuilder.shape(builder.graph.shape(of: node.name) ?? [])
    let stored = builder.storedName(of: node)
    var sum = builder.tensor(node.inputs[0])
    for (position, input) in node.inputs.dropFirst().enumerated() {
      let term = builder.tensor(input)
      if position == node.inputs.count - 2 {
        let target = builder.target(of: node)
        builder.call(.add(target.activation), [sum, term], to: target.tensor)
      } else {
        let partial = builder.temporary(
          "\(node.name).partial\(position)", shape, builder.quantization(of: stored))
        builder.call(.add(.none), [sum, term], to: partial)
        sum = partial
      }
    }
  }
}
