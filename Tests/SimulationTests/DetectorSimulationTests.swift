import Datasets
import Execution
import Export
import Foundation
import Graphs
import Ops
import Readings
import Settings
import Tasks
import Tensors
import TestSupport
import Testing

@testable import Simulation

/// Detectors on simulated chips: pictures go in, and what is found comes out.
@Suite("Detectors on targets", .serialized)
struct DetectorSimulationTests {
  let bench = Bench()

  /// Four of the drawn scenes, normalized.
  private static func scenes() throws -> [[Float]] {
    let folder = FileManager.default.temporaryDirectory.path() + "/condense-scenes-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try SceneMaker(seed: 5, count: 50).write(to: folder, threads: 1)
    var options = DatasetOptions()
    options.cacheDirectory = nil
    let loader = try Loader(
      try Dataset.open(folder, options: options),
      LoaderOptions(
        split: .test, batch: 4, input: InputShape(channels: 1, height: 64, width: 64),
        normalization: Normalization(mean: [128], deviation: [64])))
    loader.startEpoch(0, fromStep: 0)
    let batch = try #require(try loader.next())
    return (0..<4).map { Array(batch.images[$0 * 4096..<($0 + 1) * 4096]) }
  }

  /// A detector of ten classes with heads at two resolutions, of random weights, quantized on the images.
  private static func model(_ images: [[Float]]) throws -> Model {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [1, 64, 64])])
    var value = "image"
    for (number, filters) in [8, 12, 16].enumerated() {
      let convolution = Conv2D(filters: filters, kernel: 3, stride: 2, padding: 1)
      try graph.append(convolution, name: "conv\(number)", inputs: [value])
      value = try graph.append(ReLU(), name: "relu\(number)", inputs: ["conv\(number)"])
    }
    try graph.append(
      Conv2D(filters: 16, kernel: 3, stride: 2, padding: 1), name: "conv3", inputs: [value])
    try graph.append(ReLU(), name: "relu3", inputs: ["conv3"])
    for (name, numbers) in [("scores", 11), ("offsets", 4)] {
      for source in ["relu2", "relu3"] {
        let part = "\(source).\(name)"
        try graph.append(
          Conv2D(filters: 2 * numbers, kernel: 3, padding: 1), name: part, inputs: [source])
        try graph.append(AnchorRows(anchors: [0.2, 0.2, 0.35, 0.35]), name: part + ".rows", inputs: [part])
      }
      try graph.append(Concat(), name: name, inputs: ["relu2.\(name).rows", "relu3.\(name).rows"])
    }
    graph.outputs = ["scores", "offsets"]
    graph.initializeParameters(seed: 8)
    for (name, parameter) in graph.parameters where name.contains("scores") || name.contains("offsets") {
      let larger = parameter.value.values.map { 6 * $0 }
      graph.parameters[name]?.value = Tensor(larger, shape: parameter.value.shape)
    }
    let classes = (0..<10).map { "\($0)" }
    return Model(
      graph: try graph.quantized(calibratedOn: images.flatMap(\.self), batch: images.count), classes: classes,
      input: InputDescription(shape: [1, 64, 64], mean: [128], deviation: [64]),
      split: SettingsNode(.null), provenance: SettingsNode(.null))
  }

  @Test(
    "What the chip finds in scenes is what the host finds, bit for bit, and finding is a step with cycles",
    .enabled(
      if: ["cortex-m4", "cortex-m7"].allSatisfy(Bench.mayAsk), "a simulator is missing: make simulators"),
    arguments: ["cortex-m4", "cortex-m7"])
  func equal(_ target: String) async throws {
    defer { bench.remove() }
    let images = try Self.scenes()
    let model = try Self.model(images)
    let (reading, outputs) = try await TargetMeter(bench.runner).read(
      model, flashBytes: 20_000, on: try Bench.profile(target), images: images)
    #expect(reading.note == nil, "\(reading.note ?? "")")
    #expect(reading.bases == [.simulated] && reading.fits == true)
    #expect(reading.imagesSimulated == 4 && reading.imagesUnequal == 0)
    let heads = try ObjectDetection().heads(of: model.graph, network: "test")
    let decoder = try #require(IntegerDecoder(heads))
    let artifact = try CExporter().artifact(of: model, ExportOptions())
    let program = try #require(artifact.integers).program
    for (image, told) in zip(images, outputs) {
      let values = program.values(of: [image.map { program.values[0].integer($0) }])
      let found = decoder.found(
        scores: values[program.outputs[0]], offsets: values[program.outputs[1]])
      #expect(!found.isEmpty && told.count == decoder.byteCount)
      #expect(told[0] == Float(Int8(truncatingIfNeeded: found.count)))
    }
    let step = reading.layers?.first { $0.name == "detections" }
    #expect((step?.cycles ?? 0) > 0)
  }
}
