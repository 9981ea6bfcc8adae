import Graphs
import Ops
import Tensors

/// Norms by the statistics of each image: of groups of channels, of each channel, or of each pixel's
/// channels.
enum GroupNormReader: ONNXNodeReader {
  static let types = ["InstanceNormalization", "GroupNormalization", "LayerNormalization"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let epsilon = try node.float("epsilon", default: 1e-5)
    switch node.type {
    case "LayerNormalization": try readLayer(node, epsilon, &network)
    case "GroupNormalization":
      let input = try network.made(node.input(0))
      let shape = network.shape(of: input)
      let groups = try node.int("num_groups", default: 1)
      let view = ONNXView(of: shape)
      try set(
        node, ViewedValue(value: input, view: view), GroupNorm(groups: groups, epsilon: epsilon), &network)
    default:
      let found = try network.viewed(node.input(0))
      let groups = found.view.extents.first ?? 1
      guard found.view.isInOrder(of: network.shape(of: found.value)) else {
        throw .because("of turned axes; export the network with channels first")
      }
      try set(node, found, GroupNorm(groups: groups, epsilon: epsilon), &network)
    }
  }

  /// A norm with one factor for each channel or for each group.
  private static func set(
    _ node: ONNXNode, _ input: ViewedValue, _ op: GroupNorm, _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) {
    let channels = network.shape(of: input.value).rank > 1 ? network.shape(of: input.value)[1] : 0
    guard op.groups > 0, channels % op.groups == 0 else {
      throw .because("\(op.groups) groups of \(channels) channels")
    }
    func numbers(_ position: Int, _ what: String) throws(ONNXRefusal) -> [Float] {
      let constant = try network.requireConstant(node.input(position), what)
      guard let numbers = constant.floats, numbers.count == channels || numbers.count == op.groups else {
        throw .because("a \(what) of \(constant.dims), expected [\(channels)]")
      }
      guard numbers.count != channels else { return numbers }
      return numbers.flatMap { Array(repeating: $0, count: channels / op.groups) }
    }
    let norm = NormedGroups(
      input: input.value, view: input.view, op: op, scale: try numbers(1, "scale"),
      shift: try numbers(2, "shift"))
    network.set(node.output, .pending(norm))
  }

  /// The norm over the channels of each pixel, which are last in the file.
  private static func readLayer(
    _ node: ONNXNode, _ epsilon: Float, _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) {
    let (input, view, places) = try network.ordered(node.input(0))
    let rank = places.count
    let axis = try node.int("axis", default: -1)
    guard rank >= 2, (axis < 0 ? axis + rank : axis) == rank - 1, places[1] == rank - 1 else {
      throw .because(
        "axis \(axis) of \(Shape([1] + view.extents)), expected the channels alone, which stand last")
    }
    let channels = network.shape(of: input)[1]
    let scale = try network.requireConstant(node.input(1), "scale").floats ?? []
    let shift =
      node.input(2) == nil
      ? Array(repeating: 0, count: channels)
      : try network.requireConstant(node.input(2), "shift").floats ?? []
    guard scale.count == channels, shift.count == channels else {
      throw .because("scale and shift of \(scale.count) and \(shift.count), expected [\(channels)]")
    }
    let norm = NormedGroups(
      input: input, view: view, op: GroupNorm(groups: 1, epsilon: epsilon, span: .pixel), scale: scale,
      shift: shift)
    network.set(node.output, .pending(norm))
  }
}

/// A norm by the statistics of each image; it may take in factors and sums that exporters write after it.
struct NormedGroups: ONNXPending {
  let input: String
  var view: ONNXView
  let op: GroupNorm
  var scale: [Float]
  var shift: [Float]

  /// The parameters by role.
  var parameters: [ParameterRole: Parameter] {
    [
      .scale: Parameter(Tensor(scale, shape: [scale.count])),
      .shift: Parameter(Tensor(shift, shape: [shift.count])),
    ]
  }

  func made(_ name: String, in network: inout ONNXNetworkBuilder) throws(ONNXRefusal) -> String {
    let value = try network.append(op, name: name, inputs: [input], parameters: parameters)
    return try ViewedValue(value: value, view: view).made(name + ".turned", in: &network)
  }

  /// The norm with a constant of each channel multiplied or added; `nil` where the constant does not fit.
  func taking(_ constant: ONNXConstant, isFactor: Bool, of shape: Shape) -> NormedGroups? {
    guard let places = view.places(of: shape), let placed = try? constant.placed(places),
      let numbers = try? ChannelwiseMap.numbers(placed, beside: shape)
    else { return nil }
    var norm = self
    for channel in scale.indices {
      let number = numbers[numbers.count == 1 ? 0 : channel]
      if isFactor { norm.scale[channel] *= number }
      norm.shift[channel] = isFactor ? norm.shift[channel] * number : norm.shift[channel] + number
    }
    return norm
  }
}

extension ONNXNetworkBuilder {
  /// The pending norm of a name, if one node alone reads it, with a constant of each channel taken in; else
  /// `nil`.
  mutating func norm(
    _ name: String?, taking constant: ONNXConstant, isFactor: Bool
  ) throws(ONNXRefusal) -> NormedGroups? {
    guard let norm = try pending(name, as: NormedGroups.self), readers[name ?? ""]?.all == 1 else {
      return nil
    }
    return norm.taking(constant, isFactor: isFactor, of: shape(of: norm.input))
  }
}
