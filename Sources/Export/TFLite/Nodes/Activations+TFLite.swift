import Graphs
import Ops
import Tensors

/// An activation that is one operator.
protocol TFLiteActivation: TFLiteNode {
  /// The operator.
  var operation: TFLiteOperation { get }
  /// The integers that the operator insists on for its results; `nil` where any will do.
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
