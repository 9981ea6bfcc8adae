import Encodings
import Foundation
import Graphs
import Networks
import Ops
import Tensors
import TestSupport
import Testing

@testable import Export

@Suite("ONNX files, written and read back")
struct ONNXRoundTripTests {
  static let teachers = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Teachers").path
  static let names = (try? NetworkSpec.all(in: [teachers]).map(\.name)) ?? []

  @Test("Every op computes the same after a round trip", arguments: OpCase.withoutGates)
  func ops(example: OpCase) throws {
    let graph = try example.graph()
    let copy = try ONNXFile.graph(bytes: graph.onnx())
    let inputs = graph.randomInputs(batch: example.inputs[0][0])
    #expect(try copy.reference(inputs) == graph.reference(inputs))
    // An open extent becomes its number when read, and a norm of pixels gets the name of the inner operator.
    let isRenamed = (example.op as? GroupNorm)?.span == .pixel
    #expect(copy.inputs == graph.inputs && (copy.outputs == graph.outputs || isRenamed))
    #expect(copy.nodes == graph.nodes || ((example.op is Reshape || isRenamed) && copy.nodes.count == 1))
  }

  @Test("Every network of Teachers/ comes back node by node with its weights", arguments: names)
  func networks(name: String) throws {
    let spec = try NetworkSpec.named(name, searching: [Self.teachers])
    var graph = try spec.build(options: NetworkOptions(width: 0.25))
    graph.scatterParameters(seed: 3)
    let model = graph.model()
    let files = try ONNXExporter().artifact(of: model, ExportOptions()).files
    #expect(files.map(\.name) == ["model.onnx"])
    let imported = try ONNXFile.read(bytes: files[0].bytes, file: "m", folder: nil, ImportOptions())
    #expect(imported.model == model)
    #expect(imported.namesClasses && imported.isNormalizationKnown)
    #expect(
      try ONNXExporter().artifact(of: model, ExportOptions()).files == files, "equal models give equal bytes")
  }

  @Test("Small networks compute the same after a round trip", arguments: SmallGraph.allCases)
  func smallNetworks(network: SmallGraph) throws {
    let graph = try network.graph()
    let copy = try ONNXFile.graph(bytes: graph.onnx())
    let inputs = graph.randomInputs(batch: 3)
    #expect(try copy.reference(inputs) == graph.reference(inputs))
  }

  @Test("Networks on grids compute the same after a round trip", arguments: SmallGraph.allCases, [8, 4, 16])
  func grids(network: SmallGraph, bits: Int) throws {
    let original = try network.graph()
    let inputs = original.randomInputs(batch: 4)
    let graph = try original.onGrids(over: inputs[0], valueBits: bits, weightBits: bits)
    let bytes = try graph.onnx()
    let copy = try ONNXFile.graph(bytes: bytes)
    #expect(try copy.reference(inputs) == graph.reference(inputs))
    for (name, encoding) in copy.values {
      #expect(graph.values[name]?.isEqual(to: encoding) == true || graph.values[name] == nil, "\(name)")
    }
    #expect(!copy.values.isEmpty)
  }

  @Test("Classes without names stay so: an export does not make names of numbers")
  func unnamedClasses() throws {
    var model = try SmallGraph.residual.graph().model()
    model.classes = model.classes.indices.map { "\($0)" }
    let bytes = try ONNXExporter().artifact(of: model, ExportOptions()).model.bytes
    let imported = try ONNXFile.read(bytes: bytes, file: "m", folder: nil, ImportOptions())
    #expect(imported.model == model && !imported.namesClasses)
    let names = model.classes.map { "kind \($0)" }
    #expect(imported.namingClasses(names).classes == names)
    #expect(imported.namingClasses(names + ["other"]).classes == model.classes)
  }

  @Test("Masks and codebooks are written as the numbers that they stand for")
  func otherEncodings() throws {
    var graph = try SmallGraph.lenet.graph()
    let weight = try #require(graph.parameters["conv1.weight"])
    let mask = Mask(weight.value.values.map { $0 > 0 })
    graph.parameters["conv1.weight"] = Parameter(weight.value, encoding: Sparse(mask: mask))
    let copy = try ONNXFile.graph(bytes: graph.onnx())
    let found = try #require(copy.parameters["conv1.weight"])
    #expect(found.encoding is Dense)
    #expect(found.value == graph.parameters["conv1.weight"]?.projected)
    #expect(found.value.values.contains(0))
  }
}
