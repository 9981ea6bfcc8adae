import Encodings
import Graphs
import Ops
import Settings
import Tensors
import Training

extension Graph {
  /// The network in which the weights of some layers are Gaussian while it trains.
  ///
  /// A layer keeps its name and its weights, which are the means. Beside it come `NAME.square`,
  /// `NAME.variance` and `NAME.sample`; readers of the layer's value read the sample. `logVariances` are the
  /// first logarithms of the variances, by layer. Throws for weights that are no floats.
  func withGaussianWeights(
    _ logVariances: [String: Float], divergence: Float, for method: String
  ) throws -> Rewrite {
    var graph = Graph(inputs: inputs)
    graph.parameters = parameters
    var drawn: [String: String] = [:]
    for node in nodes {
      let read = node.inputs.map { drawn[$0] ?? $0 }
      _ = try located(method) { try graph.append(node.op, name: node.name, inputs: read) }
      guard let start = logVariances[node.name], let product = node.op as? any ProductOp else { continue }
      let name = ParameterRole.weight.name(of: node.name)
      guard let means = parameters[name] else { continue }
      let inner = try means.plainFloats(name, for: method)
      try located(method) {
        let square = try graph.append(
          Multiply(), name: unusedName(node.name, "square"), inputs: [read[0], read[0]])
        let variance = try graph.append(
          product.withoutBias(), name: unusedName(node.name, "variance"), inputs: [square])
        graph.parameters[ParameterRole.weight.name(of: variance)] = Parameter(
          Tensor(repeating: start, shape: means.value.shape),
          encoding: LogVariance(divergence: divergence, inner: inner))
        drawn[node.name] = try graph.append(
          GaussianSample(), name: unusedName(node.name, "sample"), inputs: [node.name, variance])
      }
    }
    graph.outputs = outputs.map { drawn[$0] ?? $0 }
    graph.values = values
    let origin = parameters.keys.map { ($0, Origin(parameter: $0)) }
    return Rewrite(graph: graph, origin: Dictionary(uniqueKeysWithValues: origin))
  }

  /// The network as it was before its weights became Gaussian, with the means as its weights.
  func withMeansAlone() throws(GraphError) -> Rewrite {
    let layers = gaussianLayers
    let means = Dictionary(
      layers.map { ($0.sample.name, $0.mean.name) }, uniquingKeysWith: { first, _ in first })
    let gone = Set(layers.flatMap { [$0.sample.name, $0.variance.name, $0.square.name] })
    var graph = Graph(inputs: inputs)
    for node in nodes where !gone.contains(node.name) {
      try graph.append(node.op, name: node.name, inputs: node.inputs.map { means[$0] ?? $0 })
      for (name, _) in slots(of: node) { graph.parameters[name] = parameters[name] }
    }
    graph.outputs = outputs.map { means[$0] ?? $0 }
    graph.values = values
    return Rewrite(inPlace: graph)
  }
}
