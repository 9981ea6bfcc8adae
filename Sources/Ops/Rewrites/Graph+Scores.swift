public import Graphs
import Tensors

extension Graph {
  /// The network without the softmax, or the sigmoid of each output, at its end; `nil` if it ends in neither.
  ///
  /// Losses, calibration and distillation take scores and apply the softmax themselves, so a network must not
  /// keep its own. Nodes behind it that only move numbers, such as a flatten, stay. Only one softmax is
  /// removed.
  public func withoutProbabilities() throws(GraphError) -> (graph: Graph, removed: any Op)? {
    guard outputs.count == 1 else { return nil }
    var value = outputs[0]
    let classes = shape(of: value)?.count ?? 0
    while let node = node(named: value), nodes.count(where: { $0.inputs.contains(value) }) <= 1 {
      guard let source = node.inputs.first, let shape = shape(of: source), shape.rank >= 2 else { return nil }
      if node.op is Softmax || node.op is Sigmoid, shape[1] == classes {
        return (try removing(node, source: source), node.op)
      }
      let flow = node.op.valueFlow
      guard flow == .moving || flow == .vanishing, shape.count == classes else { return nil }
      value = source
    }
    return nil
  }

  /// The network without a node, whose readers read its source.
  private func removing(_ removed: Node, source: String) throws(GraphError) -> Graph {
    var graph = Graph(inputs: inputs)
    for node in nodes where node.name != removed.name {
      try graph.append(
        node.op, name: node.name, inputs: node.inputs.map { $0 == removed.name ? source : $0 })
    }
    graph.parameters = parameters
    graph.outputs = outputs.map { $0 == removed.name ? source : $0 }
    graph.values = values
    graph.values[removed.name] = nil
    return graph
  }

  /// A network of one score as a network of two: the scores 0 and x.
  ///
  /// Their softmax is `1 - sigmoid(x)` and `sigmoid(x)`. A dense product layer at the end gets a row of zeros
  /// before its own. A linear layer with the weights 0 and 1 is appended behind anything else, and in
  /// networks with encoded weights or values.
  public func withTwoScores() throws(GraphError) -> Graph {
    guard outputs.count == 1, shape(of: outputs[0]) == [1, 1] else { return self }
    let last = node(named: outputs[0])
    guard let last, let product = last.op as? any ProductOp, product.groups == 1, values.isEmpty,
      !nodes.contains(where: { $0.inputs.contains(last.name) }),
      let weight = self[.weight, of: last.name], weight.encoding is Dense
    else { return try withAppendedScores() }
    var graph = Graph(inputs: inputs)
    for node in nodes {
      let op: any Op =
        node.name == last.name ? product.resized(inputs: inputShapes(of: last), outputChannels: 2) : node.op
      try graph.append(op, name: node.name, inputs: node.inputs)
    }
    graph.outputs = outputs
    graph.parameters = parameters
    let zeros = Array(repeating: Float(0), count: weight.value.values.count)
    graph[.weight, of: last.name] = Parameter(
      Tensor(zeros + weight.value.values, shape: Shape([2] + weight.value.shape.dimensions.dropFirst())))
    if let bias = self[.bias, of: last.name] {
      graph[.bias, of: last.name] = Parameter(Tensor([0] + bias.projected.values, shape: [2]))
    }
    return graph
  }

  private func withAppendedScores() throws(GraphError) -> Graph {
    var graph = self
    var name = "scores"
    while graph.shape(of: name) != nil { name += "_2" }
    try graph.append(Linear(features: 2, bias: false), name: name, inputs: outputs)
    graph[.weight, of: name] = Parameter(Tensor([0, 1], shape: [2, 1]))
    graph.outputs = [name]
    return graph
  }
}
