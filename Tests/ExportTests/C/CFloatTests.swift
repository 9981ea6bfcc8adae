import Encodings
import Execution
import Foundation
import Graphs
import Networks
import Ops
import Settings
import Tasks
import Tensors
import TestSupport
import Testing

@testable import Export

@Suite("C of networks of floats", .enabled(if: HostCompiler() != nil, "no C compiler here"))
struct CFloatTests {
  /// Exports, compiles and runs a network as `condense export --verify` does, and compares it with the
  /// reference backend.
  private func expectAgreement(_ graph: Graph, _ label: String) throws {
    let shape = graph.inputs[0].shape
    let model = Model(
      graph: graph, classes: [],
      input: InputDescription(
        shape: shape, mean: Array(repeating: 0, count: shape[0]),
        deviation: Array(repeating: 1, count: shape[0])),
      split: .init(.null), provenance: .init(.null))
    let root = NSTemporaryDirectory() + "condense-float-\(UUID().uuidString)"
    let exporter = CExporter()
    #expect(exporter.refusals(of: graph, ExportOptions()).isEmpty, "\(label)")
    let written = WrittenExport(
      artifact: try exporter.artifact(of: model, ExportOptions(baseName: "net")), folder: root)
    try ExportFolder.write(written.artifact.files, to: root)
    defer { try? FileManager.default.removeItem(atPath: root) }
    let images = VerificationImages(
      images: Tensor(random: Shape([3] + shape.dimensions), in: -2...2, seed: 5, "images"), truth: [],
      task: Classification(),
      backend: ReferenceBackend(), threads: 1)
    let verification = try #require(
      try exporter.verify(written, of: model, on: images))
    #expect(verification.isPassed, "\(label): \(verification.findings)")
    try #require(HostCompiler()).compile(
      root + "/net.c", to: root + "/net.o",
      flags: ExportedPrograms.sanitized + ["-O2", "-c"])
  }

  @Test("Outputs that are no numbers are not verified")
  func infinite() throws {
    var graph = try SmallGraph.lenet.graph()
    for (name, parameter) in graph.parameters where name.hasSuffix(".weight") {
      graph.parameters[name]?.value = Tensor(
        parameter.value.values.map { _ in 3e38 }, shape: parameter.value.shape)
    }
    let shape = graph.inputs[0].shape
    let model = Model(
      graph: graph, classes: [], input: InputDescription(shape: shape, mean: [0], deviation: [1]),
      split: .init(.null), provenance: .init(.null))
    let root = NSTemporaryDirectory() + "condense-float-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: root) }
    let written = WrittenExport(
      artifact: try CExporter().artifact(of: model, ExportOptions(baseName: "net")), folder: root)
    try ExportFolder.write(written.artifact.files, to: root)
    let images = VerificationImages(
      images: Tensor(random: Shape([3] + shape.dimensions), seed: 5, "images"), truth: [],
      task: Classification(),
      backend: ReferenceBackend(), threads: 1)
    let verification = try #require(
      try CExporter().verify(written, of: model, on: images))
    #expect(!verification.isPassed)
    #expect(verification.findings.contains { $0.contains("no finite numbers") })
  }

  @Test("Every op of one input agrees with the reference on every example", arguments: OpCase.all())
  func ops(example: OpCase) throws {
    guard example.inputs.count == 1 else { return }
    try expectAgreement(try example.graph(), "\(example)")
  }

  @Test("Small networks agree with the reference", arguments: SmallGraph.allCases)
  func networks(network: SmallGraph) throws {
    let graph = try network.graph()
    guard graph.inputs.count == 1 else { return }
    try expectAgreement(graph, "\(network)")
  }

  @Test("Outputs that a gate closes are skipped, and what is left agrees with the reference")
  func gates() throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [3, 7, 6])])
    try graph.append(GlobalAveragePool(), name: "mean", inputs: ["image"])
    try graph.append(Conv2D(filters: 8, kernel: 1), name: "saliency", inputs: ["mean"])
    try graph.append(ChannelGate(open: 3), name: "gate", inputs: ["saliency"])
    try graph.append(Conv2D(filters: 8, kernel: 3, padding: 1, bias: false), name: "conv", inputs: ["image"])
    try graph.append(BatchNorm(), name: "norm", inputs: ["conv"])
    try graph.append(HardSwish(), name: "act", inputs: ["norm"])
    try graph.append(Multiply(), name: "gated", inputs: ["act", "gate"])
    try graph.append(Conv2D(filters: 5, kernel: 3, stride: 2), name: "last", inputs: ["gated"])
    try graph.append(GlobalAveragePool(), name: "pool", inputs: ["last"])
    try graph.append(Flatten(), name: "logits", inputs: ["pool"])
    graph.outputs = ["logits"]
    graph.scatterParameters(seed: 6)
    try expectAgreement(graph, "gated")
    let network = try CNetwork(floats: try graph.foldedForInference(), sparse: .auto)
    let step = try #require(network.steps.first { $0.node == "norm" })
    #expect((step.kernel as? FloatProducts)?.isGated == true && step.inputs.count == 2)
    #expect(step.kernel.multiplyAdds == 3 * 42 * 3 * 9)
  }

  @Test("Formats that have no form for gates name them")
  func refusedGates() throws {
    let example = try #require(OpCase.all().first { $0.op is ChannelGate })
    let graph = try example.graph()
    for refusals in [
      ONNXExporter().refusals(of: graph, ExportOptions()),
      TFLiteExporter().refusals(of: graph, ExportOptions()),
    ] {
      #expect(refusals.map(\.kind).contains("channel-gate"))
    }
    #expect(
      "\(String(describing: IntegerProgram.refusal(of: graph)))".contains(
        "channel-gate has no integer kernel"))
  }

  @Test("Weights in every form agree with the reference, each layer in each", arguments: 0..<4)
  func forms(_ shift: Int) throws {
    var graph = try SmallGraph.lenet.graph()
    var random = RandomKernels("forms \(shift)")
    let layers = graph.nodes.filter { $0.op is Conv2D || $0.op is Linear }
    for (index, node) in layers.enumerated() {
      guard var weight = graph.parameters["\(node.name).weight"] else { continue }
      switch (index + shift) % 4 {
      case 0: weight.encoding = Integer(bits: random.integer(2...8), covering: weight.value, perChannel: true)
      case 1:
        let mask = Mask((0..<weight.value.values.count).map { _ in random.integer(0...9) == 0 })
        var span = weight.value.values.mutableSpan
        mask.apply(to: &span)
      case 2:
        // Few of many weights survive, and the survivors share numbers.
        let numbers = (0..<7).map { Float($0 - 3) / 20 }
        weight.value.values = weight.value.values.map { _ in
          random.integer(0...19) == 0 ? numbers[random.integer(0...6)] : 0
        }
      default:
        let numbers = (0..<13).map { Float($0 - 6) / 20 }
        weight.value.values = weight.value.values.map { _ in numbers[random.integer(0...12)] }
      }
      graph.parameters["\(node.name).weight"] = weight
    }
    try expectAgreement(graph, "forms \(shift)")
  }
}
