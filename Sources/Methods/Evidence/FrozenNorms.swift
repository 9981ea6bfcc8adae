import Graphs
import Ops
import Tensors

/// A graph for training that computes what another graph computes in inference, so that it can be differentiated.
///
/// Each batch norm becomes the affine map of its running statistics, `y = factor·x + offset` with
/// `factor = scale/√(variance + epsilon)` and `offset = shift - mean·factor`. The map is a depthwise 1x1
/// convolution. Dropout is off. Parameters are the dense projected values that kernels compute with.
struct FrozenNorms {
  /// The graph to differentiate; every value keeps its name.
  let graph: Graph
  private let norms: [Norm]

  /// A batch norm that was replaced, with the constants that its gradients need.
  private struct Norm {
    let name: String
    let convolution: String
    let means: [Double]
    let inverseDeviations: [Double]
  }

  /// Replaces the batch norms of a graph; throws `GraphError` if a parameter is missing.
  init(_ original: Graph) throws(GraphError) {
    var graph = Graph(inputs: original.inputs)
    var norms: [Norm] = []
    for node in original.nodes {
      if let op = node.op as? BatchNorm {
        norms.append(try Self.append(op, node, of: original, to: &graph))
      } else {
        let op: any Op = node.op is Dropout ? Dropout(rate: 0) : node.op
        try graph.append(op, name: node.name, inputs: node.inputs)
        for (name, slot) in original.slots(of: node) {
          graph.parameters[name] = Parameter(try original.projected(name, slot))
        }
      }
    }
    graph.outputs = original.outputs
    graph.values = original.values
    self.graph = graph
    self.norms = norms
  }

  /// Converts gradients to those by the original graph's parameters.
  ///
  /// **Formula**: `dscale = (dfactor - mean·doffset)/√(variance + epsilon)`, `dshift = doffset`.
  func original(_ gradients: [String: Tensor]) -> [String: Tensor] {
    var result = gradients
    for norm in norms {
      guard let factor = result.removeValue(forKey: ParameterRole.weight.name(of: norm.convolution)),
        let offset = result.removeValue(forKey: ParameterRole.bias.name(of: norm.convolution))
      else { continue }
      var scale = offset
      for channel in scale.values.indices {
        let byFactor = Double(factor.values[channel]) - norm.means[channel] * Double(offset.values[channel])
        scale.values[channel] = Float(byFactor * norm.inverseDeviations[channel])
      }
      result[ParameterRole.scale.name(of: norm.name)] = scale
      result[ParameterRole.shift.name(of: norm.name)] = offset
    }
    return result
  }

  /// Appends the affine map of a norm; other values than images are reshaped to images of one column and back.
  private static func append(
    _ op: BatchNorm, _ node: Node, of original: Graph, to graph: inout Graph
  ) throws(GraphError) -> Norm {
    let item = Array((original.shape(of: node.name) ?? []).dimensions.dropFirst())
    let channels = item.first ?? 1
    let map = Conv2D(filters: channels, kernel: 1, groups: channels)
    var affine = node.name
    if item.count == 3 {
      try graph.append(map, name: affine, inputs: node.inputs)
    } else {
      affine = "\(node.name) (affine)"
      let image = Reshape(shape: [channels, item.dropFirst().reduce(1, *), 1])
      try graph.append(image, name: "\(node.name) (image)", inputs: node.inputs)
      try graph.append(map, name: affine, inputs: ["\(node.name) (image)"])
      try graph.append(Reshape(shape: item), name: node.name, inputs: [affine])
    }

    var values: [ParameterRole: [Double]] = [:]
    for (name, slot) in original.slots(of: node) {
      values[slot.role] = try original.projected(name, slot).values.map { Double($0) }
    }
    let (scale, shift) = (values[.scale] ?? [], values[.shift] ?? [])
    let (mean, variance) = (values[.mean] ?? [], values[.variance] ?? [])
    let inverse = variance.map { 1 / ($0 + Double(op.epsilon)).squareRoot() }
    let factor = zip(scale, inverse).map { $0 * $1 }
    let offset = factor.indices.map { Float(shift[$0] - mean[$0] * factor[$0]) }
    graph[.weight, of: affine] = Parameter(
      Tensor(factor.map { Float($0) }, shape: [channels, 1, 1, 1]))
    graph[.bias, of: affine] = Parameter(Tensor(offset, shape: [channels]))
    return Norm(name: node.name, convolution: affine, means: mean, inverseDeviations: inverse)
  }
}

extension Graph {
  /// The projected value of a parameter; throws `GraphError.missingParameter` if it does not exist.
  fileprivate func projected(_ name: String, _ slot: ParameterSlot) throws(GraphError) -> Tensor {
    guard let parameter = parameters[name] else { throw .missingParameter(name, expected: slot.shape) }
    return parameter.projected
  }
}
