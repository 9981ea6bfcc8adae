import Encodings
import Graphs
import Networks
import Ops
import Tensors
import TestSupport
import Testing

@testable import Export

@Suite("ONNX files in onnxruntime", .enabled(if: ONNXRuntime.mayBeAsked))
struct ONNXRuntimeTests {
  @Test("Floats: logits within 1e-4 of the largest", arguments: SmallGraph.allCases)
  func floats(network: SmallGraph) throws {
    let graph = try network.graph()
    let images = graph.randomInputs(batch: 5)
    let found = try ONNXRuntime.run(graph.onnx(), on: images[0]).logits
    let difference = Difference(try graph.reference(images).values, found)
    #expect(difference.greatest <= 1e-4 * difference.largest, "\(difference)")
  }

  @Test(
    "Floats of a network of Teachers/: within 1e-4 of the largest",
    arguments: ["resnet8", "mobilenet-cifar", "bonsai", "protonn"])
  func teachers(name: String) throws {
    var graph = try NetworkSpec.named(name, searching: [ONNXRoundTripTests.teachers])
      .build(options: NetworkOptions(width: 0.5))
    graph.scatterParameters(seed: 4)
    let images = graph.randomInputs(batch: 2)
    let found = try ONNXRuntime.run(graph.onnx(), on: images[0]).logits
    let difference = Difference(try graph.reference(images).values, found)
    #expect(difference.greatest <= 1e-4 * difference.largest, "\(difference)")
  }

  @Test(
    "Bytes: within a step of the integer reference on 99 % of the logits, on other images than the grids were made for",
    arguments: SmallGraph.allCases)
  func bytes(network: SmallGraph) throws {
    let original = try network.graph().withoutSoftmax()
    let graph = try original.onGrids(over: original.randomInputs(batch: 16)[0])
    let images = original.randomInputs(batch: 40, seed: 8)
    let step = try #require(graph.storedEncoding(of: graph.outputs[0]) as? IntegerValue).scale
    let expected = try graph.integerReference(images)
    let found = try ONNXRuntime.run(graph.onnx(), on: images[0]).logits
    let near = zip(expected, found).count { abs($0 - $1) <= 1.001 * step }
    #expect(near * 100 >= 99 * expected.count, "\(near) of \(expected.count)")
    #expect(Difference(expected, found).greatest <= 4.001 * step)
  }

  @Test(
    "Bytes of trees and prototypes: within a step of the integer reference", arguments: ["bonsai", "protonn"])
  func floors(name: String) throws {
    var original = try NetworkSpec.named(name, searching: [ONNXRoundTripTests.teachers]).build()
    original.scatterParameters(seed: 4)
    let images = original.randomInputs(batch: 40)
    let graph = try original.quantized(calibratedOn: images[0].values, batch: 40)
    let step = try #require(graph.storedEncoding(of: "logits") as? IntegerValue).scale
    let expected = try graph.integerReference(images)
    let found = try ONNXRuntime.run(graph.onnx(), on: images[0]).logits
    // A decision near zero may fall to the other side, as sums of floats are rounded; of forty images one may.
    let wrong = (0..<40).count { image in
      (0..<10).contains { abs(expected[image * 10 + $0] - found[image * 10 + $0]) > 1.001 * step }
    }
    #expect(wrong <= 1)
  }

  @Test("Bytes: convolutions, sums, pooling and linear layers are computed in integers")
  func integerOperators() throws {
    let original = try SmallGraph.residual.graph()
    let images = original.randomInputs(batch: 4)
    let graph = try original.onGrids(over: images[0])
    let operators = try ONNXRuntime.run(graph.onnx(), on: images[0]).operators
    let layers = graph.nodes.count { $0.op is Conv2D }
    #expect(operators.count { $0 == "QLinearConv" } == layers, "\(operators)")
    #expect(operators.count { $0 == "QGemm" } == graph.nodes.count { $0.op is Linear }, "\(operators)")
    #expect(operators.contains("QLinearAdd"), "\(operators)")
    #expect(!operators.contains("Conv") && !operators.contains("FusedConv") && !operators.contains("Relu"))
  }

  @Test("Fewer and more bits: within a step on 99 % of the logits", arguments: [4, 6, 12])
  func otherWidths(bits: Int) throws {
    let original = try SmallGraph.lenet.graph()
    let graph = try original.onGrids(
      over: original.randomInputs(batch: 16)[0], valueBits: bits, weightBits: bits)
    let images = original.randomInputs(batch: 40, seed: 8)
    let step = try #require(graph.storedEncoding(of: graph.outputs[0]) as? IntegerValue).scale
    let expected = try graph.reference(images).values
    let found = try ONNXRuntime.run(graph.onnx(), on: images[0]).logits
    let near = zip(expected, found).count { abs($0 - $1) <= 1.001 * step }
    #expect(near * 100 >= 99 * expected.count, "\(near) of \(expected.count)")
  }
}
