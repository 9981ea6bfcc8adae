public import Graphs
public import Tensors

extension Graph {
  /// The batch norms that can be folded into the product layers that they read: `(producer, norm)` by name.
  ///
  /// No other node may read the producer's value, and the value may be no output, have no encoding, and not
  /// be in `keeping`.
  public func foldableBatchNorms(keeping: Set<String> = []) -> [(producer: String, norm: String)] {
    foldings(keeping: keeping).map { ($0.producer.name, $0.norm.name) }
  }

  /// A product layer and the batch norm that alone reads it.
  private struct Folding {
    let producer: Node
    let product: any ProductOp
    let norm: Node
    let batchNorm: BatchNorm
  }

  private func foldings(keeping: Set<String>) -> [Folding] {
    var readers: [String: Int] = [:]
    for input in nodes.flatMap(\.inputs) { readers[input, default: 0] += 1 }
    let kept = keeping.union(outputs).union(values.keys)
    let producers = Dictionary(nodes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    return nodes.compactMap { node in
      guard let batchNorm = node.op as? BatchNorm, let value = node.inputs.first,
        let producer = producers[value], let product = producer.op as? any ProductOp, readers[value] == 1,
        !kept.contains(value)
      else { return nil }
      return Folding(producer: producer, product: product, norm: node, batchNorm: batchNorm)
    }
  }

  /// The graph as it ships: with batch norms folded wherever the layer's weights stay representable.
  ///
  /// A norm stays if its layer's encoding can neither scale channels nor remain as it is.
  public func foldedForInference() throws(GraphError) -> Graph {
    let kept = foldableBatchNorms().map(\.producer).filter { producer in
      guard let weight = self[.weight, of: producer] else { return false }
      let ones = Array(repeating: Float(1), count: weight.value.shape.rank > 0 ? weight.value.shape[0] : 0)
      return weight.encoding.scalingChannels(by: ones, shape: weight.value.shape) == nil
        && !weight.encoding.afterChannelScaling().isEqual(to: weight.encoding)
    }
    return try foldingBatchNorms(keeping: Set(kept))
  }

  /// The graph for inference in which batch norms are folded into the layers that they read.
  ///
  /// A folded layer has a bias, and takes the norm's place and name. Values that are outputs or in `keeping`
  /// stay. Weights keep an encoding that represents them scaled, such as integers with a scale for each
  /// channel; of other encodings only a mask stays.
  public func foldingBatchNorms(keeping: Set<String> = []) throws(GraphError) -> Graph {
    let foldings = Dictionary(
      foldings(keeping: keeping).map { ($0.norm.name, $0) }, uniquingKeysWith: { first, _ in first })
    let folded = Set(foldings.values.map(\.producer.name))
    var graph = Graph(inputs: inputs)
    for node in nodes where !folded.contains(node.name) {
      if let folding = foldings[node.name] {
        try graph.append(folding.product.withBias(), name: node.name, inputs: folding.producer.inputs)
        try graph.setFoldedParameters(folding, from: self)
      } else {
        try graph.append(node.op, name: node.name, inputs: node.inputs)
        for (name, _) in slots(of: node) { graph.parameters[name] = parameters[name] }
      }
    }
    graph.outputs = outputs
    graph.values = values.filter { !folded.contains($0.key) }
    return graph
  }

  private mutating func setFoldedParameters(_ folding: Folding, from graph: Graph) throws(GraphError) {
    let (producer, norm) = (folding.producer, folding.norm)
    func parameter(_ role: ParameterRole, of node: Node) throws(GraphError) -> Tensor {
      try graph.parameter(role, of: node).value
    }
    let folded = folding.batchNorm.folded(
      weight: try parameter(.weight, of: producer),
      bias: graph[.bias, of: producer.name]?.value,
      scale: try parameter(.scale, of: norm), shift: try parameter(.shift, of: norm),
      mean: try parameter(.mean, of: norm), variance: try parameter(.variance, of: norm))
    let encoding = graph[.weight, of: producer.name]?.encoding ?? Dense()
    let scaled = encoding.scalingChannels(by: folded.factors, shape: folded.weight.shape)
    self[.weight, of: norm.name] = Parameter(
      folded.weight, encoding: scaled ?? encoding.afterChannelScaling())
    self[.bias, of: norm.name] = Parameter(folded.bias)
  }
}

extension BatchNorm {
  /// The weight and bias of the one layer that equals a layer followed by this norm in inference.
  ///
  /// `weight' = weight · factor` along axis 0 and `bias' = (bias - mean) · factor + shift` with
  /// `factor = scale/√(variance + epsilon)`.
  public func folded(
    weight: Tensor, bias: Tensor?, scale: Tensor, shift: Tensor, mean: Tensor, variance: Tensor
  ) -> (weight: Tensor, bias: Tensor, factors: [Float]) {
    var weight = weight
    var newBias = shift
    var factors: [Float] = []
    let channels = shift.values.count
    let perChannel = weight.values.count / max(channels, 1)
    for channel in 0..<channels {
      let deviation = (Double(variance.values[channel]) + Double(epsilon)).squareRoot()
      let factor = Double(scale.values[channel]) / deviation
      factors.append(Float(factor))
      let old = Double(bias?.values[channel] ?? 0) - Double(mean.values[channel])
      newBias.values[channel] = Float(old * factor + Double(shift.values[channel]))
      for i in channel * perChannel..<(channel + 1) * perChannel {
        weight.values[i] = Float(Double(weight.values[i]) * factor)
      }
    }
    return (weight, newBias, factors)
  }
}
