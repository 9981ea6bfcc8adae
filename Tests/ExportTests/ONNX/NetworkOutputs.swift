import Encodings
import Execution
import Graphs
import Integers
import Ops
import Settings
import SwiftProtobuf
import Tensors
import TestSupport

@testable import Export

extension Graph {
  /// The first output for some inputs with the batch first, by the reference kernels with every encoding
  /// applied.
  func reference(_ inputs: [Tensor], of value: String? = nil) throws -> Tensor {
    var values: [String: Tensor] = [:]
    for (input, tensor) in zip(self.inputs, inputs) { values[input.name] = projected(tensor, input.name) }
    for node in nodes {
      let read = node.inputs.compactMap { values[$0] }
      let parameters = slots(of: node).compactMap { self.parameters[$0.name]?.projected }
      var frame = KernelFrame(
        inputs: read, parameters: parameters,
        output: Tensor(zeros: try node.op.outputShape(read.map(\.shape))), mode: .inference,
        random: SeededRandom(seed: 0, purpose: node.name))
      node.op.forward(&frame)
      values[node.name] = projected(frame.output, node.name)
    }
    return values[value ?? outputs[0]] ?? Tensor(zeros: [])
  }

  private func projected(_ tensor: Tensor, _ name: String) -> Tensor {
    guard let encoding = values[name] else { return tensor }
    var projected = tensor
    var span = projected.values.mutableSpan
    encoding.project(tensor.values.span, into: &span)
    return projected
  }

  /// Random inputs for a batch.
  func randomInputs(batch: Int, seed: UInt64 = 3) -> [Tensor] {
    inputs.map {
      Tensor(random: Shape([batch] + $0.shape.dimensions), in: -1...2, seed: seed, $0.name)
    }
  }

  /// The graph without a final softmax, which devices leave to the host.
  func withoutSoftmax() throws -> Graph {
    guard let last = nodes.last, last.op is Softmax else { return self }
    var graph = Graph(inputs: inputs)
    for node in nodes.dropLast() { try graph.append(node.op, name: node.name, inputs: node.inputs) }
    graph.parameters = parameters
    graph.outputs = last.inputs
    return graph
  }

  /// The first output for some inputs with the batch first, by the integer reference.
  func integerReference(_ inputs: [Tensor]) throws -> [Float] {
    let plan = try IntegerBackend().compile(self, PlanOptions(batch: inputs[0].shape[0], mode: .inference))
    let images = inputs.flatMap(\.values)
    plan.forward(images.span, key: 0)
    return try plan.numbers(outputs[0])
  }

  /// The network with folded norms on integer grids that cover its values for some images.
  func onGrids(over images: Tensor, valueBits: Int = 8, weightBits: Int = 8) throws -> Graph {
    try foldingBatchNorms().quantized(
      calibratedOn: images.values, batch: images.shape[0], bits: valueBits, weightBits: weightBits)
  }

  /// A model of the graph; the first input must be images, the first output features.
  func model(classes: Int? = nil) -> Model {
    let shape = inputs[0].shape
    let count = classes ?? classCount ?? 1
    return Model(
      graph: self, classes: (0..<count).map { "class \($0)" },
      input: InputDescription(
        shape: shape, mean: Array(repeating: 12.5, count: shape[0]),
        deviation: Array(repeating: 60.25, count: shape[0])),
      split: SettingsNode(mapping: ["seed": 3.node]),
      provenance: SettingsNode(mapping: ["by": "a test".node]))
  }

  /// The bytes of the graph's ONNX file.
  func onnx() throws -> [UInt8] {
    var writer = ONNXModelWriter(model(classes: 1))
    let bytes: [UInt8] = try writer.write().serializedBytes()
    return bytes
  }
}

/// The difference of two lists of numbers.
struct Difference {
  /// The greatest difference of elements.
  let greatest: Float
  /// The greatest magnitude in the first list.
  let largest: Float

  init(_ first: [Float], _ second: [Float]) {
    precondition(first.count == second.count, "\(first.count) numbers and \(second.count)")
    greatest = zip(first, second).reduce(0) { max($0, abs($1.0 - $1.1)) }
    largest = first.reduce(0) { max($0, abs($1)) }
  }
}
