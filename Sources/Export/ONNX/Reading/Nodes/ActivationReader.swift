import Tensors
import Graphs
import Ops

/// Activations with at most two numbers as attributes.
enum ActivationReader: ONNXNodeReader {
  static let types = ["Relu", "Sigmoid", "Tanh", "HardSwish", "LeakyRelu", "Elu", "Selu", "Gelu"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let op = try op(of: node)
    let input = try network.viewed(node.input(0))
    try network.append(op, for: node, inputs: [input.value], view: input.view)
  }

  private static func op(of node: ONNXNode) throws(ONNXRefusal) -> any Op {
    switch node.type {
    case "Sigmoid": return Sigmoid()
    case "Tanh": return Tanh()
    case "HardSwish": return HardSwish()
    case "LeakyRelu": return LeakyReLU(slope: try node.float("alpha", default: 0.01))
    case "Elu": return ELU(alpha: try node.float("alpha", default: 1))
    case "Selu":
      return ELU(
        alpha: try node.float("alpha", default: 1.673_263_2),
        scale: try node.float("gamma", default: 1.050_701))
    case "Gelu":
      let form = try node.string("approximate", default: "none")
      guard ["none", "tanh"].contains(form) else {
        throw .because("approximate \(form), expected none or tanh")
      }
      return GELU(form: form == "tanh" ? .tanh : .exact)
    default: return ReLU()
    }
  }
}

/// The rectifier with a slope for each channel: `slope · x + (1 - slope) · relu(x)`.
///
/// It is a leaky rectifier where all slopes are equal.
enum PReluReader: ONNXNodeReader {
  static let types = ["PRelu"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let slopes = try network.requireConstant(node.input(1), "slope")
    let (input, view, places) = try network.ordered(node.input(0))
    let shape = network.shape(of: input)
    let numbers = try ChannelwiseMap.numbers(try slopes.placed(places), beside: shape)
    if let slope = numbers.first, numbers.allSatisfy({ $0 == slope }), (0...1).contains(slope) {
      return try network.append(LeakyReLU(slope: slope), for: node, inputs: [input], view: view)
    }
    let name = network.freshName(node.output)
    let positive = try network.append(ReLU(), name: network.freshName(name + ".relu"), inputs: [input])
    let rest = try ChannelwiseMap(scale: numbers.map { 1 - $0 })
      .append(positive, name: network.freshName(name + ".rest"), to: &network)
    let scaled = try ChannelwiseMap(scale: numbers)
      .append(input, name: network.freshName(name + ".slope"), to: &network)
    network.set(
      node.output, try network.append(Add(), name: name, inputs: [scaled, rest]), view)
  }
}

/// The softmax over channels.
enum SoftmaxReader: ONNXNodeReader {
  static let types = ["Softmax"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let (input, view) = try channels(of: node, &network)
    try network.append(Softmax(), for: node, inputs: [input], view: view)
  }

  /// The input of a softmax; throws for a softmax over other axes than the channels.
  static func channels(
    of node: ONNXNode, _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) -> (value: String, view: ONNXView) {
    let (input, view, places) = try network.ordered(node.input(0))
    let shape = network.shape(of: input)
    // Before operator set 13 a softmax was over its axis and all later ones.
    let spansRest = node.opset < 13
    let axis = try node.int("axis", default: spansRest ? 1 : -1)
    let place = axis < 0 ? axis + shape.rank : axis
    let isOverChannels = places.count > 1 && places[1] == place && (!spansRest || shape.spatialCount == 1)
    guard isOverChannels || (spansRest && place == 1 && shape.spatialCount == 1) else {
      throw .because(
        "axis \(axis) of \(shape)\(spansRest ? " in an operator set before 13" : ""), expected the channels")
    }
    return (input, view)
  }
}

/// The logarithm of a softmax at the end of a network; its input serves as scores as well.
enum LogSoftmaxReader: ONNXNodeReader {
  static let types = ["LogSoftmax"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let (input, view) = try SoftmaxReader.channels(of: node, &network)
    network.set(node.output, .pending(LogProbabilities(scores: ViewedValue(value: input, view: view))))
  }
}

/// Scores before a log-softmax, which changes neither their order nor their probabilities.
struct LogProbabilities: ONNXPending {
  let scores: ViewedValue

  func made(_ name: String, in network: inout ONNXNetworkBuilder) throws(ONNXRefusal) -> String {
    throw .because(
      "it reads a LogSoftmax, which is left off where the network ends in it and not supported elsewhere")
  }
}
