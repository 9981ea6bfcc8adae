import Encodings
import Graphs
import Ops
import Settings
import SwiftProtobuf
import Tensors
import TestSupport
import Testing

@testable import Export

@Suite("Bytes of weights in ONNX files")
struct ONNXWeightsTests {
  /// The layers with separate integer kernels, with weights of one sign so that sums of pairs are as large as
  /// possible.
  enum Layer: String, CaseIterable {
    case dense, grouped, depthwise, multiplier, pointwise, linear

    func graph() throws -> Graph {
      var graph = Graph(inputs: [GraphInput(name: "image", shape: [8, 6, 6])])
      switch self {
      case .dense: try graph.append(convolution(12, 3), name: "layer", inputs: ["image"])
      case .grouped: try graph.append(convolution(12, 3, groups: 2), name: "layer", inputs: ["image"])
      case .depthwise: try graph.append(convolution(8, 3, groups: 8), name: "layer", inputs: ["image"])
      case .multiplier: try graph.append(convolution(16, 3, groups: 8), name: "layer", inputs: ["image"])
      case .pointwise: try graph.append(convolution(12, 1), name: "layer", inputs: ["image"])
      case .linear:
        try graph.append(Flatten(), name: "flat", inputs: ["image"])
        try graph.append(Linear(features: 7), name: "layer", inputs: ["flat"])
      }
      graph.outputs = ["layer"]
      graph.scatterParameters(seed: 5)
      let weight = try #require(graph.parameters["layer.weight"]).value
      let bright = weight.values.map { 0.05 + 0.01 * abs($0) }
      graph.parameters["layer.weight"]?.value = Tensor(bright, shape: weight.shape)
      return graph
    }

    private func convolution(_ filters: Int, _ kernel: Int, groups: Int = 1) -> Conv2D {
      Conv2D(filters: filters, kernel: kernel, padding: kernel / 2, groups: groups)
    }
  }

  private static func bytes(_ graph: Graph, _ weights: ONNXWeights) throws -> [UInt8] {
    var exporter = ONNXExporter()
    exporter.weights = weights
    var writer = ONNXModelWriter(graph.model(classes: 1), exporter)
    return try writer.write().serializedBytes()
  }

  @Test("Two products of a sign fit 16 bits if their weights weigh 128 at most")
  func pairs() {
    #expect(ONNXWeights.fitsInPairs([64, 64, -64, -64, 1], channels: 1))
    #expect(!ONNXWeights.fitsInPairs([65, 64], channels: 1))
    #expect(!ONNXWeights.fitsInPairs([1, 1, -127, -2], channels: 2))
    #expect(
      ONNXWeights.fitsInPairs([127, -127, 1, -1], channels: 1), "products of two signs never leave 16 bits")
    #expect(ONNXWeights.fitsInPairs([], channels: 0))
    for first in [Int32(64), 65, 127] {
      let fits = 255 * (first + 64) <= 32_767
      #expect(ONNXWeights.fitsInPairs([first, 0, 64], channels: 1) == fits)
      #expect(ONNXWeights.fitsInPairs([-first, 0, -64], channels: 1) == (255 * (first + 64) <= 32_768))
    }
  }

  @Test(
    "Weights of 7 bits stay signed, of 8 become unsigned where they must; all are read back",
    arguments: [7, 8])
  func types(bits: Int) throws {
    let original = try Layer.dense.graph()
    let images = original.randomInputs(batch: 4)
    let graph = try original.onGrids(over: images[0], weightBits: bits)
    let proto = try ONNXModelProto(serializedBytes: Self.bytes(graph, .exact))
    let stored = try #require(proto.graph.initializer.first { $0.name == "layer.weight/integers" })
    let expected: ONNXTensorProto.DataType = bits == 7 ? .int8 : .uint8
    #expect(stored.dataType == Int32(expected.rawValue))
    for weights in ONNXWeights.allCases {
      let copy = try ONNXFile.graph(bytes: Self.bytes(graph, weights))
      #expect(try copy.reference(images) == graph.reference(images), "\(weights)")
      let shape = graph.parameters["layer.weight"]?.value.shape
      let read = copy.parameters.values.filter { $0.value.shape == shape }
      #expect(read.count == 1 && read.allSatisfy { $0.encoding is Integer }, "\(weights)")
    }
  }

  @Test("Settings are read by name, and what is none is told with what there is")
  func settings() throws {
    let node = try SettingsNode(yaml: "{weights: signed, values: signed}", source: "test")
    let exporter = try #require(try ExporterCatalogue.exporter("onnx", settings: [node]) as? ONNXExporter)
    #expect(exporter.weights == .signed && exporter.values == .signed)
    let wrong = try SettingsNode(yaml: "weights: 7", source: "test")
    let text = errorMessage { _ = try ExporterCatalogue.exporter("onnx", settings: [wrong]) }
    #expect(text.contains("one of exact, signed, unsigned"), "\(text)")
    let unknown = errorMessage { _ = try ExporterCatalogue.exporter("c", settings: [wrong]) }
    #expect(unknown.contains("weights"), "\(unknown)")
  }

  @Test(
    "Exact on a processor without VNNI, where signed weights saturate",
    .enabled(if: ONNXRuntime.mayBeAsked && EmulatedProcessor.isThere), arguments: Layer.allCases)
  func withoutVNNI(layer: Layer) throws {
    let original = try layer.graph()
    let calibration = Tensor(random: [16, 8, 6, 6], in: 0...1, seed: 3, "image")
    let graph = try original.onGrids(over: calibration)
    let images = Tensor(random: [5, 8, 6, 6], in: 0.8...1, seed: 4, "image")
    let expected = try graph.integerReference([images])
    let step = try #require(graph.storedEncoding(of: "layer") as? IntegerValue).scale
    let exact = try ONNXRuntime.run(
      Self.bytes(graph, .exact), on: images, emulating: EmulatedProcessor("Haswell"))
    let kernel = layer == .linear ? "QGemm" : "QLinearConv"
    #expect(exact.operators.contains(kernel), "\(exact.operators)")
    #expect(Difference(expected, exact.logits).greatest <= 1.001 * step)
    let here = try ONNXRuntime.run(Self.bytes(graph, .exact), on: images).logits
    #expect(here == exact.logits, "the same numbers on this processor")
    guard layer != .depthwise else { return }
    let signed = try ONNXRuntime.run(
      Self.bytes(graph, .signed), on: images, emulating: EmulatedProcessor("Haswell")
    )
    .logits
    #expect(Difference(expected, signed).greatest > 4 * step, "the kernels that saturate were reached")
  }
}
