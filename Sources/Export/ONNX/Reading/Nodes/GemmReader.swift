import Encodings
import Graphs
import Ops
import Tensors

/// Products of features with constant weights: `alpha · x · weight + beta · bias`.
enum GemmReader: ONNXNodeReader {
  static let types = ["Gemm"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    try node.require("transA", 0, default: 0, "features must stand in rows")
    let weight = try network.requireConstant(node.input(1), "weight")
    let isTransposed = try node.int("transB", default: 0) != 0
    let product = try WeightedFeatures(
      input: try network.made(node.input(0)), weight: isTransposed ? weight : weight.transposed(),
      factor: try node.float("alpha", default: 1))
    guard node.input(2) != nil else {
      return try product.append(nil, for: node, to: &network)
    }
    let bias = try network.requireConstant(node.input(2), "bias")
    try product.append(bias.times(try node.float("beta", default: 1)), for: node, to: &network)
  }
}

/// Products of features with a constant matrix; the sum that follows adds the bias.
enum MatMulReader: ONNXNodeReader {
  static let types = ["MatMul"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let weight = try network.requireConstant(node.input(1), "second input")
    let features = try WeightedFeatures(
      input: try network.made(node.input(0)), weight: try weight.transposed(), factor: 1)
    guard network.shape(of: features.input).rank == 2 else {
      throw .because("it reads \(network.shape(of: features.input)), expected features NxF")
    }
    network.set(node.output, .pending(features))
  }
}

/// A linear layer whose bias is not known yet.
struct WeightedFeatures: ONNXPending {
  /// What is read.
  let input: String
  /// `[O, I]`.
  let weight: ONNXConstant

  /// Refuses weights that are not a matrix.
  init(input: String, weight: ONNXConstant, factor: Float) throws(ONNXRefusal) {
    guard weight.dims.count == 2, weight.floats != nil else {
      throw .because("a weight of \(weight.dims), expected a matrix")
    }
    self.input = input
    self.weight = weight.times(factor)
  }

  /// Appends the layer for a node, with a bias that may be one number for all features.
  func append(
    _ bias: ONNXConstant?, for node: ONNXNode, to network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) {
    try network.append(
      Linear(features: weight.dims[0], bias: bias != nil), for: node, inputs: [input],
      parameters: try parameters(bias))
  }

  func made(_ name: String, in network: inout ONNXNetworkBuilder) throws(ONNXRefusal) -> String {
    try network.append(
      Linear(features: weight.dims[0], bias: false), name: name, inputs: [input],
      parameters: try parameters(nil))
  }

  private func parameters(_ bias: ONNXConstant?) throws(ONNXRefusal) -> [ParameterRole: Parameter] {
    guard let values = weight.tensor else { throw .because("its weight is no matrix of numbers") }
    var parameters: [ParameterRole: Parameter] = [
      .weight: Parameter(values, encoding: weight.parameterEncoding)
    ]
    guard let bias else { return parameters }
    let features = weight.dims[0]
    guard let numbers = bias.floats, bias.dims.dropLast().allSatisfy({ $0 == 1 }),
      numbers.count == features || numbers.count == 1
    else { throw .because("a bias of \(bias.dims), expected [\(features)]") }
    let spread = numbers.count == features ? numbers : Array(repeating: numbers[0], count: features)
    parameters[.bias] = Parameter(
      Tensor(spread, shape: [features]),
      encoding: numbers.count == features ? bias.parameterEncoding : Dense())
    return parameters
  }
}

extension ONNXConstant {
  /// The matrix with rows and columns changed; grids of one scale stay.
  func transposed() throws(ONNXRefusal) -> ONNXConstant {
    guard dims.count == 2 else { throw .because("a weight of \(dims), expected a matrix") }
    let (rows, columns) = (dims[0], dims[1])
    var positions: [Int] = []
    positions.reserveCapacity(count)
    for column in 0..<columns { for row in 0..<rows { positions.append(row * columns + column) } }
    var turned = gathering(positions, dims: [columns, rows])
    turned.encoding = encoding.flatMap { $0.scales.count == 1 ? $0 : nil }
    return turned
  }

  /// Every element times a factor; as it is for 1.
  func times(_ factor: Float) -> ONNXConstant {
    guard factor != 1, let floats else { return self }
    return ONNXConstant(dims: dims, content: .floats(floats.map { $0 * factor }))
  }
}
