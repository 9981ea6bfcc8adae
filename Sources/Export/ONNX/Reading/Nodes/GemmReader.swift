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
      node.input(0), weight: isTransposed ? weight : weight.transposed(),
      factor: try node.float("alpha", default: 1), &network)
    guard node.input(2) != nil else {
      return try product.append(nil, for: node, to: &network)
    }
    let bias = try network.requireConstant(node.input(2), "bias")
    try product.append(bias.times(try node.float("beta", default: 1)), for: node, to: &network)
  }
}

/// Products of features with a constant matrix; a sum that follows adds the bias.
///
/// For images with channels last in the file, it is a convolution of one pixel.
enum MatMulReader: ONNXNodeReader {
  static let types = ["MatMul"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let weight = try network.requireConstant(node.input(1), "second input")
    let shape = try network.fileShape(of: node.input(0))
    guard shape.rank > 2 else {
      let features = try WeightedFeatures(
        node.input(0), weight: try weight.transposed(), factor: 1, &network)
      return network.set(node.output, .pending(features))
    }
    let (input, view, places) = try network.ordered(node.input(0))
    let matrix = try weight.transposed()
    guard network.shape(of: input).rank == 4, places[1] == 3, let values = matrix.floats else {
      throw .because("it reads \(shape), expected features NxF, or images with channels last")
    }
    try network.append(
      Conv2D(filters: matrix.dims[0], kernel: 1, bias: false), for: node, inputs: [input],
      parameters: [
        .weight: Parameter(
          Tensor(values, shape: Shape(matrix.dims + [1, 1])), encoding: matrix.parameterEncoding)
      ], view: try network.view(like: view, places, channels: matrix.dims[0]))
  }
}

extension ONNXNetworkBuilder {
  /// The view of a value with another number of channels that has in the file the axes of `view`.
  func view(like view: ONNXView, _ places: [Int], channels: Int) throws(ONNXRefusal) -> ONNXView {
    var extents = places.map { $0 == 0 ? 1 : view.extents[$0 - 1] }
    extents[1] = channels
    return try self.view(like: view, places, shape: Shape(extents))
  }

  /// The view of a value of another shape that has in the file the axes of `view`.
  func view(like view: ONNXView, _ places: [Int], shape: Shape) throws(ONNXRefusal) -> ONNXView {
    var order = Array(repeating: 0, count: places.count)
    for (axis, place) in places.enumerated() { order[place] = axis }
    guard let turned = ONNXView(of: shape).transposed(order) else { throw .because("axes \(places)") }
    return turned
  }
}

/// A linear layer whose bias is not known yet.
struct WeightedFeatures: ONNXPending {
  /// The name of the input.
  let input: String
  /// The weight `[outputs, inputs]`.
  let weight: ONNXConstant

  /// Takes a matrix of weights; throws for other constants.
  ///
  /// If the file has the features in another order than the graph, the columns of the weight are reordered.
  init(
    _ name: String?, weight: ONNXConstant, factor: Float, _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) {
    guard weight.dims.count == 2, weight.floats != nil else {
      throw .because("a weight of \(weight.dims), expected a matrix")
    }
    let found = try network.viewed(name)
    let shape = network.shape(of: found.value)
    let isTurned = found.view.axes.count == 1 && !found.view.isInOrder(of: shape)
    guard isTurned, found.view.shuffledGroups(of: shape) == nil else {
      input = try network.made(name)
      self.weight = weight.times(factor)
      return
    }
    let sources = found.view.sources(of: shape)
    guard weight.dims[1] == sources.count else {
      throw .because("a weight of \(weight.dims) for \(sources.count) features")
    }
    input = try network.append(
      Flatten(), name: network.freshName(name ?? ""), inputs: [found.value])
    var columns = Array(repeating: 0, count: sources.count)
    for (column, source) in sources.enumerated() { columns[source] = column }
    let positions = (0..<weight.dims[0]).flatMap { row in columns.map { row * sources.count + $0 } }
    var ordered = weight.gathering(positions, dims: weight.dims)
    ordered.encoding = weight.encoding
    self.weight = ordered.times(factor)
  }

  private init(input: String, weight: ONNXConstant) {
    self.input = input
    self.weight = weight
  }

  /// The layer with its outputs multiplied by one number each, or by one for all; `nil` where the numbers do
  /// not fit.
  func times(_ factors: ONNXConstant) -> WeightedFeatures? {
    guard let numbers = factors.floats, factors.dims.dropLast().allSatisfy({ $0 == 1 }),
      numbers.count == weight.dims[0] || numbers.count == 1
    else { return nil }
    return WeightedFeatures(input: input, weight: weight.times(rows: numbers))
  }

  /// Appends the layer for a node; the bias may be one number for all features.
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
  /// The transposed matrix; a grid with one scale remains.
  func transposed() throws(ONNXRefusal) -> ONNXConstant {
    guard dims.count == 2 else { throw .because("a weight of \(dims), expected a matrix") }
    return try transposed([1, 0])
  }

  /// Every element multiplied by a factor; unchanged for 1.
  func times(_ factor: Float) -> ONNXConstant {
    guard factor != 1, let floats else { return self }
    return ONNXConstant(dims: dims, content: .floats(floats.map { $0 * factor }))
  }

  /// The rows of a matrix multiplied by one factor each, or all by one.
  func times(rows factors: [Float]) -> ONNXConstant {
    guard let floats, dims[0] > 0 else { return self }
    let width = count / dims[0]
    return ONNXConstant(
      dims: dims,
      content: .floats(
        floats.enumerated().map { $1 * factors[factors.count == 1 ? 0 : $0 / max(width, 1)] }))
  }
}
