import Graphs
import Ops

extension Multiply: TFLiteNode {
  func write(_ node: Node, to builder: inout TFLiteBuilder) {
    let inputs = node.inputs.map { builder.tensor($0) }
    let target = builder.target(of: node)
    builder.call(.multiply(target.activation), inputs, to: target.tensor)
  }
}
