import Datasets
import Execution
import Foundation
import Graphs
import Integers
import Ops
import Settings
import Tasks
import Tensors
import TestSupport
import Testing

@testable import Export

/// Detectors as C: what it finds is what the host finds in the same integers.
@Suite("Detections in C", .enabled(if: HostCompiler() != nil, "no C compiler here"))
struct CDetectionsTests {
  /// A detector of two levels in images of 16x24, with random weights of such a size that scores differ much.
  static func model(classes: Int, anchors: [Float], seed: UInt64) throws -> Model {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [1, 16, 24])])
    try graph.append(Conv2D(filters: 6, kernel: 3, padding: 1), name: "fine", inputs: ["image"])
    try graph.append(ReLU(), name: "relu1", inputs: ["fine"])
    try graph.append(
      Conv2D(filters: 8, kernel: 3, stride: 2, padding: 1), name: "coarse", inputs: ["relu1"])
    try graph.append(ReLU(), name: "relu2", inputs: ["coarse"])
    for (name, numbers) in [("scores", classes + 1), ("offsets", 4)] {
      for (level, source) in [("fine", "relu1"), ("coarse", "relu2")] {
        let head = Conv2D(filters: numbers * anchors.count / 2, kernel: 3, padding: 1)
        try graph.append(head, name: "\(level).\(name)", inputs: [source])
        try graph.append(
          AnchorRows(anchors: anchors), name: "\(level).\(name).rows", inputs: ["\(level).\(name)"])
      }
      try graph.append(Concat(), name: name, inputs: ["fine", "coarse"].map { "\($0).\(name).rows" })
    }
    graph.outputs = ["scores", "offsets"]
    graph.initializeParameters(seed: seed)
    for (name, parameter) in graph.parameters where name.contains("scores") || name.contains("offsets") {
      graph.parameters[name]?.value = Tensor(
        parameter.value.values.map { 4 * $0 }, shape: parameter.value.shape)
    }
    let images = Tensor(random: [4, 1, 16, 24], in: -2...2, seed: seed, "calibration").values
    return Model(
      graph: try graph.quantized(calibratedOn: images, batch: 4), classes: [],
      input: InputDescription(shape: [1, 16, 24], mean: [128], deviation: [64]),
      split: SettingsNode(.null), provenance: SettingsNode(.null))
  }

  private func verified(_ model: Model, images: Int) throws -> Verification? {
    let folder = NSTemporaryDirectory() + "condense-export-\(UUID().uuidString)"
    let artifact = try CExporter().artifact(of: model, ExportOptions(baseName: "finder"))
    try ExportFolder.write(artifact.files, to: folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try compile(folder)
    let pixels = Tensor(random: [images, 1, 16, 24], in: -2...2, seed: 7, "images")
    return try CExporter().verify(
      WrittenExport(artifact: artifact, folder: folder), of: model,
      on: VerificationImages(
        images: pixels, truth: [], task: ObjectDetection(), backend: ReferenceBackend(), threads: 1))
  }

  /// The source as strict compilers take it, and a caller that holds the two ways of asking against each other.
  private func compile(_ folder: String) throws {
    let compiler = try #require(HostCompiler())
    let caller = """
      #include "finder.c"
      int main(void) {
        int i, j;
        const finder_detection *found;
        const finder_number *answer;
        uint16_t told, edge;
        for (i = 0; i < 20; i++) {
          for (j = 0; j < FINDER_INPUT_SIZE; j++) finder_input()[j] = finder_pixel(0, (uint8_t)(j * j + 31 * i));
          answer = finder_run();
          told = (uint16_t)((uint8_t)answer[0] + 256 * (uint8_t)answer[1]);
          edge = (uint16_t)((uint8_t)answer[8] + 256 * (uint8_t)answer[9]);
          for (j = 0; j < FINDER_INPUT_SIZE; j++) finder_input()[j] = finder_pixel(0, (uint8_t)(j * j + 31 * i));
          if (finder_detections(&found) != told || told > FINDER_DETECTIONS) return 2;
          if (told > 0 && (found[0].right != edge || found[0].label >= FINDER_CLASSES)) return 3;
        }
        return 0;
      }

      """
    try Data(caller.utf8).write(to: URL(filePath: folder + "/caller.c"))
    try compiler.compile(folder + "/caller.c", to: folder + "/caller", flags: ExportedPrograms.sanitized)
    _ = try HostCompiler.run(folder + "/caller", [])
    try compiler.compile(folder + "/main.c", to: folder + "/main.o", flags: ExportedPrograms.strict + ["-c"])
  }

  @Test(
    "A hundred images give the host's detections, however many there are",
    arguments: [
      (1, [0.3, 0.5] as [Float]), (3, [0.1, 0.1, 0.4, 0.3]), (12, [0.03, 0.02, 0.2, 0.7]),
    ])
  func equal(classes: Int, anchors: [Float]) throws {
    for seed in [1, 2] as [UInt64] {
      let model = try Self.model(classes: classes, anchors: anchors, seed: seed)
      let result = try #require(try verified(model, images: 100))
      #expect(result.isPassed && result.mismatches == 0, "\(result.findings)")
    }
  }

  @Test("Much is found, and more than there is room for")
  func counts() throws {
    let model = try Self.model(classes: 12, anchors: [0.03, 0.02, 0.2, 0.7], seed: 1)
    let reference = try #require(
      try CExporter().artifact(of: model, ExportOptions(baseName: "finder")).integers)
    let counts = (0..<5).map { image in
      let integers = (0..<384).map { Int8(truncatingIfNeeded: $0 * $0 * 7 + image * 91) }
      return Int(UInt8(bitPattern: reference.answer(to: integers)[0]))
    }
    #expect(counts.contains(200), "\(counts)")
    #expect(reference.decoder?.candidates == 400 && reference.decoder?.anchors == 960)
  }

  @Test("A detector of floats is refused with what to do")
  func floats() throws {
    let graph = try ObjectDetection.example().graph
    var model = try Self.model(classes: 1, anchors: [0.3, 0.5], seed: 1)
    model.graph = graph
    model.graph.initializeParameters(seed: 1)
    let message = errorMessage { _ = try CExporter().artifact(of: model, ExportOptions(baseName: "finder")) }
    #expect(message.contains("quantize a detector, whose C finds things in integers"), "\(message)")
  }

  @Test("The host scores a detector of integers by what its C finds")
  func host() throws {
    let model = try Self.model(classes: 3, anchors: [0.1, 0.1, 0.4, 0.3], seed: 3)
    let reference = try #require(
      try CExporter().artifact(of: model, ExportOptions(baseName: "finder")).integers)
    let heads = try ObjectDetection().heads(of: model.graph, network: "test")
    let image = Tensor(random: [1, 1, 16, 24], in: -2...2, seed: 5, "image").values
    let plan = try IntegerBackend().compile(
      model.graph, PlanOptions(batch: 1, mode: .inference, threads: 1, taps: heads.map(\.value)))
    plan.forward(image.span, key: 0)
    let outputs = HeadOutputs(heads, batch: 1)
    for (head, buffer) in zip(heads, outputs.buffers) {
      let tap = try plan.tap(head.value)
      buffer.withMutableFloats { plan.readTap(tap, into: &$0) }
    }
    let answers = ObjectDetection().answers(outputs, image: 0)
    let value = reference.program.values[reference.program.inputs[0]]
    let bytes = reference.answer(to: image.map { value.integer($0) }).map { Int(UInt8(bitPattern: $0)) }
    func number(_ place: Int) -> Int { bytes[2 * place] + 256 * bytes[2 * place + 1] }
    #expect(answers.count == number(0) && !answers.isEmpty)
    for (place, answer) in answers.enumerated() {
      let told = (0..<6).map { number(2 + 6 * place + $0) }
      let box = try #require(answer.box)
      #expect([box.left, box.top, box.right, box.bottom].map { Int($0 * 16) } == Array(told[0..<4]))
      #expect(Int(answer.confidence * 32_768) == told[4] && answer.label == told[5])
    }
  }
}
