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
    // In ONNX the momentum is the kept share of the running statistics, in PyTorch and Condense the new
    // share.
    let kept = try node.float("momentum", default: 0.9)
    let momentum = (0...1).contains(kept) ? Float(((1 - Double(kept)) * 1e6).rounded() / 1e6) : 0.1
    try network.append(
      BatchNorm(
        epsilon: try node.float("epsilon", default: 1e-5), momentum: momentum),
      for: node, inputs: [input], parameters: parameters)
  }
}

/// A multiplication and an addition by constants for each channel, as a batch norm with fixed statistics.
struct ChannelwiseMap {
  /// The factor of each channel, or one for all.
  var scale: [Float] = [1]
  /// The summand of each channel, or one for all.
  var shift: [Float] = [0]

  /// An epsilon so small that it does not change the numbers: the square root of 1 + epsilon is 1 in single
  /// precision.
  private static let epsilon: Float = 1e-12

  /// Appends the norm for a node, whose axes may have another order.
  func append(
    _ input: String, for node: ONNXNode, view: ONNXView? = nil, to network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) {
    try network.append(
      BatchNorm(epsilon: Self.epsilon), for: node, inputs: [input],
      parameters: try parameters(network.shape(of: input)), view: view)
  }

  /// Appends the norm under a name from `freshName`.
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

  /// The numbers of a constant that is combined with a value: one for all, or one for each channel.
  static func numbers(
    _ constant: ONNXConstant, beside shape: Shape, named dims: [Int]? = nil
  ) throws(ONNXRefusal) -> [Float] {
    guard let numbers = constant.floats else { throw .because("a constant that depends on the batch") }
    // Axes are matched from the last one: after its channels a constant has the value's number of axes, of
    // one element each.
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

  /// The numbers of a constant that is combined with a value of the file, and that value.
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
  /// The elements with as many axes as a value, in the graph's order; `places` are the value's axes in the
  /// file.
  func placed(_ places: [Int]) throws(ONNXRefusal) -> ONNXConstant {
    guard dims.count <= places.count else {
      throw .because("a constant of \(dims) beside \(places.count) axes, expected one number a channel")
    }
    let missing = Array(repeating: 1, count: places.count - dims.count)
    return try reshaped(missing + dims).transposed(places)
  }
}
