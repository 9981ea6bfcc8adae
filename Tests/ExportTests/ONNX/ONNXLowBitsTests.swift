import Encodings
import Graphs
import Ops
import SwiftProtobuf
import Tensors
import TestSupport
import Testing

@testable import Export

@Suite("Weights of few bits in ONNX files")
struct ONNXLowBitsTests {
  private static func proto(_ graph: Graph, _ lowBits: ONNXLowBits) throws -> ONNXModelProto {
    var exporter = ONNXExporter()
    exporter.lowBits = lowBits
    var writer = ONNXModelWriter(graph.model(classes: 1), exporter)
    return try writer.write()
  }

  private static func bytes(_ graph: Graph, _ lowBits: ONNXLowBits) throws -> [UInt8] {
    try proto(graph, lowBits).serializedBytes()
  }

  /// A network in which only weights are integers.
  private static func weightsAlone(_ network: SmallGraph, bits: Int) throws -> Graph {
    var graph = try network.graph()
    for (name, parameter) in graph.parameters where name.hasSuffix(".weight") {
      graph.parameters[name]?.encoding = Integer(bits: bits, covering: parameter.value, perChannel: true)
    }
    return graph
  }

  private static func types(_ proto: ONNXModelProto) -> Set<ONNXTensorProto.DataType?> {
    Set(
      proto.graph.initializer.filter { $0.name.hasSuffix(".weight/integers") }
        .map { ONNXTensorProto.DataType(rawValue: Int($0.dataType)) })
  }

  @Test("Several elements share a byte, the first lowest; other numbers of bytes are refused")
  func packing() throws {
    let four = ONNXTensorProto(name: "t", integers: [1, -2, 7, -8, 3], type: .int4, dims: [5])
    #expect(Array(four.rawData) == [0xE1, 0x87, 0x03])
    let two = ONNXTensorProto(name: "t", integers: [1, -2, 0, -1, 1], type: .int2, dims: [5])
    #expect(Array(two.rawData) == [0xC9, 0x01])
    let decoder = ONNXTensorDecoder(external: ONNXExternalFiles(folder: nil))
    #expect(try decoder.constant(four).knownIntegers == [1, -2, 7, -8, 3])
    #expect(try decoder.constant(two).knownIntegers == [1, -2, 0, -1, 1])
    var unsigned = four
    unsigned.dataType = Int32(ONNXTensorProto.DataType.uint4.rawValue)
    #expect(try decoder.constant(unsigned).knownIntegers == [1, 14, 7, 8, 3])
    // The alternative storage of elements: one byte of them in each number.
    var typed = four
    typed.clearRawData()
    typed.int32Data = [0xE1, 0x87, 0x03]
    #expect(try decoder.constant(typed).knownIntegers == [1, -2, 7, -8, 3])
    typed.int32Data.removeLast()
    #expect(throws: ONNXFileProblem.self) { try decoder.constant(typed) }
    var short = four
    short.rawData.removeLast()
    let message = errorMessage { _ = try decoder.constant(short) }
    #expect(message.contains("[5] of 4 bits take 3 bytes, found 2"), "\(message)")
  }

  @Test("Each form has its types and its operator set")
  func forms() throws {
    let original = try SmallGraph.lenet.graph()
    let images = original.randomInputs(batch: 4)
    for (bits, lowBits, type, opset) in [
      (4, ONNXLowBits.packed, ONNXTensorProto.DataType.int4, Int64(21)), (3, .packed, .int4, 21),
      (2, .packed, .int2, 25), (4, .direct, .int4, 21), (2, .direct, .int4, 21), (2, .bytes, .int8, 17),
    ] {
      let graph = try original.onGrids(over: images[0], weightBits: bits)
      let proto = try Self.proto(graph, lowBits)
      #expect(Self.types(proto) == [type], "\(bits) \(lowBits)")
      #expect(proto.opsetImport[0].version == opset, "\(bits) \(lowBits)")
      #expect(proto.graph.node.contains { $0.opType == "Cast" } == (lowBits == .packed))
    }
    let real = try Self.weightsAlone(.lenet, bits: 2)
    for lowBits in [ONNXLowBits.packed, .direct] {
      let proto = try Self.proto(real, lowBits)
      #expect(Self.types(proto) == [.int2] && !proto.graph.node.contains { $0.opType == "Cast" })
    }
  }

  @Test("Files come back with their grids", arguments: [4, 3, 2], ONNXLowBits.allCases)
  func roundTrip(bits: Int, lowBits: ONNXLowBits) throws {
    let original = try SmallGraph.residual.graph()
    let images = original.randomInputs(batch: 4)
    let quantized = try original.onGrids(over: images[0], weightBits: bits)
    for graph in [quantized, try Self.weightsAlone(.residual, bits: bits)] {
      let bytes = try Self.bytes(graph, lowBits)
      let copy = try ONNXFile.graph(bytes: bytes)
      #expect(try copy.reference(images) == graph.reference(images))
      let widths = copy.parameters.values.compactMap { ($0.encoding as? Integer)?.bits }.filter { $0 < 32 }
      let stored = lowBits == .bytes ? 8 : bits == 2 && (lowBits == .packed || graph.values.isEmpty) ? 2 : 4
      #expect(Set(widths) == [stored] && !widths.isEmpty)
    }
  }

  @Test("Signs and ternary numbers take two bits, masks are written as zeros")
  func otherEncodings() throws {
    var graph = try SmallGraph.lenet.graph()
    let first = try #require(graph.parameters["conv1.weight"]).value
    let second = try #require(graph.parameters["conv2.weight"]).value
    graph.parameters["conv1.weight"]?.encoding = Binary(scales: [0.5])
    let mask = Mask(second.values.map { $0 > 0 })
    graph.parameters["conv2.weight"]?.encoding = Sparse(
      mask: mask, inner: Integer(bits: 2, covering: second, perChannel: true))
    let proto = try Self.proto(graph, .packed)
    #expect(Self.types(proto) == [.int2])
    let stored = try #require(proto.graph.initializer.first { $0.name == "conv1.weight/integers" })
    #expect(stored.rawData.count == (first.shape.count + 3) / 4)
    let images = graph.randomInputs(batch: 2)
    let copy = try ONNXFile.graph(bytes: proto.serializedBytes() as [UInt8])
    #expect(try copy.reference(images) == graph.reference(images))
  }

  @Test("A network of 4 bits takes half the bytes of one of 8, of 2 bits a quarter")
  func sizes() throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [3, 16, 16])])
    try graph.append(Flatten(), name: "flat", inputs: ["image"])
    try graph.append(Linear(features: 128), name: "hidden", inputs: ["flat"])
    try graph.append(Linear(features: 10), name: "logits", inputs: ["hidden"])
    graph.outputs = ["logits"]
    graph.scatterParameters(seed: 4)
    let images = graph.randomInputs(batch: 4)
    let sizes = try [8, 4, 2].map { bits in
      Double(try Self.bytes(graph.onGrids(over: images[0], weightBits: bits), .packed).count)
    }
    #expect(sizes[1] / sizes[0] < 0.53 && sizes[2] / sizes[0] < 0.29, "\(sizes)")
  }

  @Test(
    "onnxruntime computes packed weights in integers, within a step of the integer reference",
    .enabled(if: ONNXRuntime.mayBeAsked), arguments: [4, 3, 2], [SmallGraph.lenet, .residual, .separable])
  func runtime(bits: Int, network: SmallGraph) throws {
    let original = try network.graph()
    let graph = try original.onGrids(over: original.randomInputs(batch: 16)[0], weightBits: bits)
    let images = original.randomInputs(batch: 40, seed: 8)
    let step = try #require(graph.storedEncoding(of: graph.outputs[0]) as? IntegerValue).scale
    let expected = try graph.integerReference(images)
    for lowBits in ONNXLowBits.allCases {
      let found = try ONNXRuntime.run(Self.bytes(graph, lowBits), on: images[0])
      let near = zip(expected, found.logits).count { abs($0 - $1) <= 1.001 * step }
      #expect(near * 100 >= 99 * expected.count, "\(lowBits): \(near) of \(expected.count)")
      let integers = found.operators.count { $0 == "QLinearConv" || $0 == "QGemm" }
      let layers = graph.nodes.count { $0.op is any ProductOp }
      #expect(integers == (lowBits == .direct ? 0 : layers), "\(lowBits): \(found.operators)")
    }
  }

  /// For some products, onnxruntime's default session takes such weights for those of a language model.
  ///
  /// It then quantizes the other factor. This happens before a MatMul and before a Gemm with a second input
  /// that is not transposed.
  @Test(
    "Weights alone in few bits: floats to a hundred-thousandth, as linear layers are a Gemm that turns its weights",
    .enabled(if: ONNXRuntime.mayBeAsked), arguments: [4, 2], [SmallGraph.perceptron, .lenet, .separable])
  func realValues(bits: Int, network: SmallGraph) throws {
    let graph = try Self.weightsAlone(network, bits: bits)
    let proto = try Self.proto(graph, .packed)
    let products = proto.graph.node.filter { $0.opType == "Gemm" || $0.opType == "MatMul" }
    #expect(!products.isEmpty)
    for node in products {
      #expect(node.opType == "Gemm" && node.attribute.contains { $0.name == "transB" && $0.i == 1 })
    }
    let images = graph.randomInputs(batch: 5)
    let found = try ONNXRuntime.run(proto.serializedBytes(), on: images[0])
    #expect(!found.operators.contains("MatMulNBits"), "\(found.operators)")
    let difference = Difference(try graph.reference(images).values, found.logits)
    #expect(difference.greatest <= 1e-5 * difference.largest, "\(difference)")
  }
}
