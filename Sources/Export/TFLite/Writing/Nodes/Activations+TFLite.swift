import Graphs
import Ops
import Tensors

/// An activation that is a single operator.
protocol TFLiteActivation: TFLiteNode {
  /// The operator.
  var operation: TFLiteOperation { get }
  /// The grid that the operator requires for its results; `nil` for any grid.
  var fixedOutput: TFLiteModel.Quantization? { get }
}

extension TFLiteActivation {
  var fixedOutput: TFLiteModel.Quantization? { nil }

  func write(_ node: Node, to builder: inout TFLiteBuilder) {
    let input = builder.tensor(node.inputs[0])
    let stored = builder.storedName(of: node)
    if builder.isInteger, let fixedOutput, builder.quantization(of: stored) != fixedOutput {
      let shape = TFLiteBuilder.shape(builder.graph.shape(of: node.name) ?? [])
      let result = builder.temporary("\(node.name).fixed", shape, fixedOutput)
      builder.call(operation, [input], to: result)
      builder.call(.requantize, [result], for: node)
    } else {
      builder.call(operation, [input], for: node)
    }
    builder.inheritOrder(stored, from: node.inputs[0])
  }
}

extension ReLU: TFLiteActivation, TFLiteClamp {
  var fused: TFLiteOperation.Activation { .relu }
  var alone: TFLiteOperation { .relu }
  var operation: TFLiteOperation { .relu }
}

extension ReLU6: TFLiteActivation, TFLiteClamp {
  var fused: TFLiteOperation.Activation { .relu6 }
  var alone: TFLiteOperation { .relu6 }
  var operation: TFLiteOperation { .relu6 }
}

extension HardSwish: TFLiteActivation {
  var operation: TFLiteOperation { .hardSwish }
}

extension LeakyReLU: TFLiteActivation {
  var operation: TFLiteOperation { .leakyReLU(slope: slope) }
}

extension Sigmoid: TFLiteActivation {
  var operation: TFLiteOperation { .logistic }
  var fixedOutput: TFLiteModel.Quantization? {
    TFLiteModel.Quantization(scales: [1 / 256], zeroPoints: [-128])
  }
}

extension Tanh: TFLiteActivation {
  var operation: TFLiteOperation { .tanh }
  var fixedOutput: TFLiteModel.Quantization? {
    TFLiteModel.Quantization(scales: [1 / 128], zeroPoints: [0])
  }
}

extension HardSigmoid: TFLiteNode {
  func refusal(_ node: Node, in graph: Graph, isInteger: Bool) -> String? {
    isInteger ? "TensorFlow Lite has no hard sigmoid of integers" : nil
  }

  /// Writes `relu6(6 · slope · x + 6 · offset) / 6`.
  func write(_ node: Node, to builder: inout TFLiteBuilder) {
    let shape = TFLiteBuilder.shape(builder.graph.shape(of: node.name) ?? [])
    let name = node.name
    let slope = builder.constant(reals: [6 * slope], shape: [1], name: "\(name).slope")
    let offset = builder.constant(reals: [6 * offset], shape: [1], name: "\(name).offset")
    let sixth = builder.constant(reals: [1 / 6], shape: [1], name: "\(name).sixth")
    let scaled = builder.temporary("\(name).scaled", shape, nil)
    builder.call(.multiply(.none), [builder.tensor(node.inputs[0]), slope], to: scaled)
    let bounded = builder.temporary("\(name).bounded", shape, nil)
    builder.call(.add(.relu6), [scaled, offset], to: bounded)
    builder.call(.multiply(.none), [bounded, sixth], for: node)
    builder.inheritOrder(builder.storedName(of: node), from: node.inputs[0])
  }
}

extension Clamp: TFLiteNode {
  func refusal(_ node: Node, in graph: Graph, isInteger: Bool) -> String? {
    isInteger ? "a clamp of integers has a form at 0...6 and above 0 alone" : nil
  }

  func write(_ node: Node, to builder: inout TFLiteBuilder) {
    let shape = TFLiteBuilder.shape(builder.graph.shape(of: node.name) ?? [])
    let low = builder.constant(reals: [-below], shape: [1], name: "\(node.name).lower")
    let high = builder.constant(reals: [above], shape: [1], name: "\(node.name).upper")
    let raised = builder.temporary("\(node.name).raised", shape, nil)
    builder.call(.maximum, [builder.tensor(node.inputs[0]), low], to: raised)
    builder.call(.minimum, [raised, high], for: node)
    builder.inheritOrder(builder.storedName(of: node), from: node.inputs[0])
  }
}

extension ELU: TFLiteActivation {
  func refusal(_ node: Node, in graph: Graph, isInteger: Bool) -> String? {
    if isInteger { return "TensorFlow Lite has no exponential unit of integers" }
    return alpha == 1 && scale == 1 ? nil : "TensorFlow Lite's exponential unit has alpha and scale 1"
  }
  var operation: TFLiteOperation { .elu }
}
