import Encodings
import Execution
import Graphs
import Ops
import Settings
import SwiftProtobuf
import Tensors
import TestSupport

@testable import Export

extension Graph {
  /// The first output on some inputs, the batch first, by the reference kernels with every encoding applied.
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

  /// Random inputs of a batch.
  func randomInputs(batch: Int, seed: UInt64 = 3) -> [Tensor] {
    inputs.map {
      Tensor(random: Shape([batch] + $0.shape.dimensions), in: -1...2, seed: seed, $0.name)
    }
  }

  /// The network on integer grids that reach what occurs on some images, batch norms folded.
  func onGrids(over images: Tensor, valueBits: Int = 8, weightBits: Int = 8) throws -> Graph {
    var graph = try foldingBatchNorms()
    let places = graph.valuePlaces()
    for name in graph.inputs.map(\.name) + graph.nodes.map(\.name) where places[name] == .stored {
      let values = try graph.withoutGrids.reference([images], of: name).values
      graph.values[name] = IntegerValue(
        bits: valueBits, covering: (values.min() ?? 0)...(values.max() ?? 0))
    }
    for (name, place) in places {
      if case .alike(let source) = place { graph.values[name] = graph.values[source] }
    }
    for node in graph.nodes where node.op is Conv2D || node.op is Linear {
      guard let weight = graph.parameters["\(node.name).weight"]?.value,
        let scale = (graph.storedEncoding(of: node.inputs[0]) as? IntegerValue)?.scale
      else { continue }
      let encoding = Integer(bits: weightBits, covering: weight, perChannel: true)
      graph.parameters["\(node.name).weight"]?.encoding = encoding
      graph.parameters["\(node.name).bias"]?.encoding = Integer(
        bits: 32, scales: encoding.scales.map { $0 * scale })
    }
    return graph
  }

  private var withoutGrids: Graph {
    var graph = self
    graph.values = [:]
    return graph
  }

  /// A model of the graph, whose first input is of images and whose first output is of features.
  func model(classes: Int? = nil) -> Model {
    let shape = inputs[0].shape
    let count = classes ?? self.shape(of: outputs[0])?[1] ?? 1
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

/// How two lists of numbers differ.
struct Difference {
  /// The greatest difference.
  let greatest: Float
  /// The greatest number of the first list.
  let largest: Float

  init(_ first: [Float], _ second: [Float]) {
    precondition(first.count == second.count, "\(first.count) numbers and \(second.count)")
    greatest = zip(first, second).reduce(0) { max($0, abs($1.0 - $1.1)) }
    largest = first.reduce(0) { max($0, abs($1)) }
  }
}
