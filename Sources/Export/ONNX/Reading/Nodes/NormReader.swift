import Graphs
import Ops
import Tensors

/// Batch norms with constant statistics.
enum NormReader: ONNXNodeReader {
  static let types = ["BatchNormalization"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    try node.require("training_mode", 0, default: 0, "export the network for inference")
    let input = try network.made(node.input(0))
    let channels = network.shape(of: input).rank >= 2 ? network.shape(of: input)[1] : 0
    var parameters: [ParameterRole: Parameter] = [:]
    for (position, role) in [ParameterRole.scale, .shift, .mean, .variance].enumerated() {
      let constant = try network.requireConstant(node.input(position + 1), role.rawValue)
      guard constant.dims == [channels], let values = constant.tensor else {
        throw .because("a \(role) of \(constant.dims), expected [\(channels)]")
      }
      parameters[role] = Parameter(values)
    }
    // ONNX counts what is kept of the running statistics, PyTorch and Condense what is new.
    let kept = try node.float("momentum", default: 0.9)
    let momentum = (0...1).contains(kept) ? Float(((1 - Double(kept)) * 1e6).rounded() / 1e6) : 0.1
    try network.append(
      BatchNorm(
        epsilon: try node.float("epsilon", default: 1e-5), momentum: momentum),
      for: node, inputs: [input], parameters: parameters)
  }
}

/// Sums and products with a constant number for each channel, as a norm of fixed statistics.
struct ChannelwiseMap {
  /// By channel, or one for all.
  var scale: [Float] = [1]
  /// By channel, or one for all.
  var shift: [Float] = [0]

  /// The epsilon of which the square root of 1 + epsilon is 1 in double precision and all but 1 in single.
  private static let epsilon: Float = 1e-12

  /// Appends the norm for a node, which may have its axes in another order.
  func append(
    _ input: String, for node: ONNXNode, view: ONNXView? = nil, to network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) {
    try network.append(
      BatchNorm(epsilon: Self.epsilon), for: node, inputs: [input],
      parameters: try parameters(network.shape(of: input)), view: view)
  }

  /// Appends the norm under a name that was made by `freshName`.
  func append(
    _ input: String, name: String, to network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) -> String {
    try network.append(
      BatchNorm(epsilon: Self.epsilon), name: name, inputs: [input],
      parameters: try parameters(network.shape(of: input)))
  }

  private func parameters(_ shape: Shape) throws(ONNXRefusal) -> [ParameterRole: Parameter] {
    let channels = shape.rank >= 2 ? shape[1] : 0
    func parameter(_ numbers: [Float]) throws(ONNXRefusal) -> Parameter {
      guard numbers.count == channels || numbers.count == 1 else {
        throw .because("\(numbers.count) constant numbers for \(channels) channels")
      }
      return Parameter(
        Tensor(
          numbers.count == channels ? numbers : Array(repeating: numbers[0], count: channels),
          shape: [channels]))
    }
    return [
      .scale: try parameter(scale), .shift: try parameter(shift), .mean: try parameter([0]),
      .variance: try parameter([1]),
    ]
  }

  /// The numbers of a constant that stands beside a value: one for all, or one a channel.
  static func numbers(
    _ constant: ONNXConstant, beside shape: Shape, named dims: [Int]? = nil
  ) throws(ONNXRefusal) -> [Float] {
    guard let numbers = constant.floats else { throw .because("a constant that depends on the batch") }
    // Axes are matched from the last: behind the channels a constant has as many as the value, of one element each.
    let behind = max(0, shape.rank - 2)
    let extents = Array(constant.dims.drop { $0 == 1 })
    let isChannelwise =
      numbers.count == 1
      || extents == [shape.rank >= 2 ? shape[1] : 0] + Array(repeating: 1, count: behind)
    guard isChannelwise, constant.dims.count <= shape.rank else {
      throw .because("a constant of \(dims ?? constant.dims) beside \(shape), expected one number a channel")
    }
    return numbers
  }

  /// The numbers of a constant beside a value that the file has, and that value.
  static func beside(
    _ constant: ONNXConstant, _ name: String?, _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) -> (numbers: [Float], value: String, view: ONNXView) {
    if constant.count == 1, constant.dims.count <= (try network.fileShape(of: name).rank) {
      let found = try network.viewed(name)
      guard let numbers = constant.floats else { throw .because("a constant that depends on the batch") }
      return (numbers, found.value, found.view)
    }
    let (value, view, places) = try network.ordered(name)
    let placed = try constant.placed(places)
    return (try numbers(placed, beside: network.shape(of: value), named: constant.dims), value, view)
  }
}

extension ONNXConstant {
  /// The elements beside a value whose axes stand in the file at `places`: with as many axes, in the graph's order.
  func placed(_ places: [Int]) throws(ONNXRefusal) -> ONNXConstant {
    guard dims.count <= places.count else {
      throw .because("a constant of \(dims) beside \(places.count) axes, expected one number a channel")
    }
    let missing = Array(repeating: 1, count: places.count - dims.count)
    return try reshaped(missing + dims).transposed(places)
  }
}
