import Graphs
import Ops
import Tensors

extension Add: TFLiteNode {
  /// Sums of two, one after another; sums on the way have the result's integers.
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
