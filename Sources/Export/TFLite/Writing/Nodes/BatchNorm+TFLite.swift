import Graphs
import Ops
import Tensors

extension BatchNorm: TFLiteNode {
  func refusal(_ node: Node, in graph: Graph, isInteger: Bool) -> String? {
    isInteger ? "it could not be folded into the layer before, and has no form in integers" : nil
  }

  /// A product and a sum for each channel: what is left of a norm in inference.
  func write(_ node: Node, to builder: inout TFLiteBuilder) {
    func values(_ role: ParameterRole) -> [Float] {
      builder.graph[role, of: node.name]?.projected.values ?? []
    }
    let factors = zip(values(.scale), values(.variance)).map { $0 / ($1 + epsilon).squareRoot() }
    let terms = zip(values(.shift), zip(values(.mean), factors)).map { $0 - $1.0 * $1.1 }
    let channels = [Int32(factors.count)]
    let factor = builder.constant(reals: factors, shape: channels, name: "\(node.name).factor")
    let term = builder.constant(reals: terms, shape: channels, name: "\(node.name).term")
    let shape = TFLiteBuilder.shape(builder.graph.shape(of: node.name) ?? [])
    let scaled = builder.temporary("\(node.name).scaled", shape, nil)
    builder.call(.multiply(.none), [builder.tensor(node.inputs[0]), factor], to: scaled)
    let target = builder.target(of: node)
    builder.call(.add(target.activation), [scaled, term], to: target.tensor)
  }
}
