import Encodings
import Execution
import Foundation
import Graphs
import Ops
import Settings
import Tasks
import Tensors
import TestSupport
import Testing

@testable import Export

@Suite("Exports as C", .enabled(if: HostCompiler() != nil, "no C compiler here"))
struct CExporterTests {
  private static func model(quantized: Bool = true) throws -> Model {
    var graph = try SmallGraph.lenet.graph()
    let shape = graph.inputs[0].shape
    if quantized {
      let images = Tensor(random: Shape([4] + shape.dimensions), in: -2...2, seed: 1, "calibration").values
      graph = try graph.quantized(calibratedOn: images, batch: 4)
    }
    return Model(
      graph: graph, classes: [],
      input: InputDescription(
        shape: shape, mean: (0..<shape[0]).map { 100 + Float($0) * 20 },
        deviation: Array(repeating: 61.5, count: shape[0])),
      split: SettingsNode(.null), provenance: SettingsNode(.null))
  }

  private func written(_ model: Model, _ body: (WrittenExport<CArtifact>) throws -> Void) throws {
    let root = NSTemporaryDirectory() + "condense-export-\(UUID().uuidString)"
    let artifact = try CExporter().artifact(of: model, ExportOptions(baseName: "tiny net"))
    try ExportFolder.write(artifact.files, to: root)
    defer { try? FileManager.default.removeItem(atPath: root) }
    try body(WrittenExport(artifact: artifact, folder: root))
  }

  private func images(_ model: Model) -> VerificationImages {
    VerificationImages(
      images: Tensor(random: Shape([5] + model.input.shape.dimensions), in: -2...2, seed: 2, "images"),
      truth: [], task: Classification(),
      backend: ReferenceBackend(), threads: 1)
  }

  @Test("Equal models give equal bytes, in a header, a source and an example")
  func files() throws {
    let model = try Self.model()
    let files = try CExporter().artifact(of: model, ExportOptions(baseName: "tiny net")).files
    #expect(files.map(\.name) == ["tiny_net.h", "tiny_net.c", "main.c"])
    #expect(try CExporter().artifact(of: model, ExportOptions(baseName: "tiny net")).files == files)
    let header = String(decoding: files[0].bytes, as: UTF8.self)
    let shape = model.input.shape
    for line in [
      "#define TINY_NET_INPUT_SIZE \(shape.count)", "#define TINY_NET_INPUT_CHANNELS \(shape[0])",
      "typedef int8_t tiny_net_number;", "tiny_net_number *tiny_net_input(void);",
      "int8_t tiny_net_pixel(uint8_t channel, uint8_t value);",
    ] { #expect(header.contains(line), "\(line)") }
    #expect(String(decoding: files[2].bytes, as: UTF8.self).split(separator: "\n").count <= 12)
  }

  @Test("The artifact says what its header and source say to a compiler", arguments: [true, false])
  func artifact(quantized: Bool) throws {
    let artifact = try CExporter().artifact(
      of: Self.model(quantized: quantized), ExportOptions(baseName: "network"))
    let program = artifact.program
    #expect(artifact.files.map(\.name) == ["network.h", "network.c", "main.c"])
    #expect((artifact.integers != nil) == quantized)
    // The program uses the macros and, by name, the functions of the header.
    let main = """
      #include "network.c"
      #include <stdio.h>
      int main(void) {
        printf("%d %d %d %d %d %d ", NETWORK_INPUT_SIZE, NETWORK_OUTPUT_SIZE, NETWORK_ARENA_BYTES, NETWORK_WEIGHT_BYTES,
               NETWORK_STEPS, (int)sizeof(network_number));
        printf("%d %d", (int)sizeof network_arena, \(program.inputFunction)() != 0);
        \(program.steps.indices.map { program.stepFunction($0) + "();" }.joined(separator: " "))
        return \(program.runFunction)() == 0;
      }

      """
    let root = NSTemporaryDirectory() + "condense-artifact-\(UUID().uuidString)"
    try ExportFolder.write(
      artifact.files + [ExportFile(name: "sizes.c", summary: "", bytes: Array(main.utf8))], to: root)
    defer { try? FileManager.default.removeItem(atPath: root) }
    try #require(HostCompiler()).compile(
      root + "/sizes.c", to: root + "/sizes", flags: ["-std=c99", "-O1"], libraries: ["-lm"])
    let found = try HostCompiler.run(root + "/sizes", []).split(separator: " ").compactMap { Int($0) }
    #expect(
      found == [
        program.inputCount, program.outputCount, program.arenaBytes, program.weightBytes, program.steps.count,
        program.number.byteCount, program.arenaBytes, 1,
      ])
    #expect(program.inputBytes == program.inputCount * (quantized ? 1 : 4))
    #expect(program.outputBytes == program.outputCount * (quantized ? 1 : 4))
  }

  @Test("The device makes the host's integers of every pixel value")
  func pixels() throws {
    let model = try Self.model()
    try written(model) { export in
      let program = """
        #include "tiny_net.c"
        #include <stdio.h>
        int main(void) {
          int c, v;
          for (c = 0; c < TINY_NET_INPUT_CHANNELS; c++)
            for (v = 0; v < 256; v++) printf("%d ", tiny_net_pixel((uint8_t)c, (uint8_t)v));
          return 0;
        }

        """
      try Data(program.utf8).write(to: URL(filePath: export.folder + "/pixels.c"))
      try #require(HostCompiler()).compile(
        export.folder + "/pixels.c", to: export.folder + "/pixels", flags: ExportedPrograms.sanitized)
      let found = try HostCompiler.run(export.folder + "/pixels", []).split(separator: " ").compactMap {
        Int8($0)
      }
      let encoding = try #require(model.graph.values[model.graph.inputs[0].name] as? IntegerValue)
      let expected = zip(model.input.mean, model.input.deviation).flatMap { mean, deviation in
        (0..<256).map { Int8(encoding.integer((Float($0) - mean) / deviation)) }
      }
      #expect(found == expected)
    }
  }

  @Test("What was exported passes its verification, and a changed weight is found in its layer")
  func verification() throws {
    let model = try Self.model()
    try written(model) { export in
      let images = images(model)
      let passed = try #require(try CExporter().verify(export, of: model, on: images))
      #expect(passed.isPassed && passed.mismatches == 0 && passed.images == 5)

      let source = export.folder + "/tiny_net.c"
      let text = try String(contentsOfFile: source, encoding: .utf8)
      let start = try #require(text.range(of: "tiny_net_bias_3["))
      let brace = try #require(text[start.upperBound...].range(of: "{\n"))
      let changed = text.replacingCharacters(in: brace, with: "{\n90000+")
      try Data(changed.utf8).write(to: URL(filePath: source))
      let failed = try #require(try CExporter().verify(export, of: model, on: images))
      let layer = CSource(
        try CNetwork(try IntegerProgram(model.graph)), name: "n", pixels: nil
      ).plan.steps[3].step.node
      #expect(!failed.isPassed && failed.mismatches > 0)
      #expect(failed.findings.last?.contains("\"\(layer)\" is the first layer that differs, at [0, ") == true)
    }
  }

  @Test("A network with some values in integers is refused by name, before anything is written")
  func refusals() throws {
    var model = try Self.model()
    let name = model.graph.nodes[0].name
    model.graph.parameters["\(name).weight"]?.encoding = Dense()
    let text = errorMessage { _ = try CExporter().artifact(of: model, ExportOptions()) }
    #expect(text.contains(name) && text.contains("quantize"), "\(text)")
  }
}
