import Encodings
import Export
import Foundation
import Graphs
import Networks
import Ops
import Settings
import Tensors
import TestSupport
import Testing

@testable import condense

@Suite("Two models side by side")
struct DiffTests {
  private let tool: Tool
  private let model: Model

  /// Draws images and writes a network of random weights as `a.condensed`.
  init() throws {
    tool = try Tool()
    try tool.makeGlyphs(count: 200)
    var graph = try NetworkSpec.named(
      "cnn-small", searching: [Tool.checkout.appending(path: "Teachers").path]
    ).build()
    graph.scatterParameters(seed: 5)
    let input = graph.inputs[0].shape
    model = Model(
      graph: graph, classes: (0..<10).map { "\($0)" },
      input: InputDescription(
        shape: input, mean: Array(repeating: 127.5, count: input[0]),
        deviation: Array(repeating: 64, count: input[0])),
      split: SettingsNode(.null), provenance: SettingsNode(.null))
    try write(model, "a.condensed")
  }

  private func write(_ model: Model, _ name: String) throws {
    let bytes = try StudentFile.bytes(of: model, coded: false)
    try Data(bytes).write(to: URL(filePath: tool.folder + "/" + name))
  }

  /// The same network with its values and weights on integer grids.
  private func quantized() throws -> Model {
    var copy = model
    let shape = model.graph.inputs[0].shape
    let images = Tensor(random: Shape([16] + shape.dimensions), in: -2...2, seed: 3, "images")
    copy.graph = try model.graph.foldingBatchNorms().quantized(
      calibratedOn: images.values, batch: 16, bits: 8, weightBits: 8)
    return copy
  }

  @Test("A few images of many are taken from all over the split, all of a few in order")
  func spread() {
    let few = SpreadReading(total: 50, limit: 100)
    #expect(few.batch == 100 && few.steps == [0])
    let all = SpreadReading(total: 250, limit: 250)
    #expect(all.batch == 100 && all.steps == [0, 1, 2])
    for (total, limit) in [(10_000, 100), (101, 100), (10_000, 7), (2, 1), (60, 59), (1000, 256)] {
      let reading = SpreadReading(total: total, limit: limit)
      #expect(Set(reading.steps).count == reading.steps.count && reading.steps == reading.steps.sorted())
      #expect(reading.steps.allSatisfy { ($0 + 1) * reading.batch <= total }, "\(total), \(limit)")
      let read = reading.batch * reading.steps.count
      #expect(read >= limit || read + reading.batch > total, "\(total), \(limit): \(read)")
    }
    // Ten classes one after another: every one is met.
    let cifar = SpreadReading(total: 10_000, limit: 100)
    #expect(Set(cifar.steps.map { $0 * cifar.batch / 1000 }).count == 10)
  }

  private func diff(_ a: String, _ b: String, environment: [String: String] = [:]) throws -> (
    status: Int32, report: SettingsNode, errors: String
  ) {
    let run = try tool.run(
      ["diff", a, b, "--data", "glyphs", "--images", "20", "--json"], environment: environment)
    return (run.status, (try? run.json) ?? SettingsNode(.null), run.errors)
  }

  private func layer(_ report: SettingsNode) throws -> String? {
    guard let parting = report["firstParting"], parting.content != .null else { return nil }
    return try parting.required("layers", of: "a parting").list("layers").first?.string("layer")
  }

  @Test("A model is like itself: exit 0, no difference")
  func equal() throws {
    let (status, report, errors) = try diff("a.condensed", "a.condensed")
    #expect(status == 0, "\(errors)")
    #expect(report["greatestDifference"] == 0.0.node && report["alike"] == true.node)
    #expect(try layer(report) == nil)
    #expect(report["agreeing"] == 20.node)
  }

  @Test("One weight of a middle layer, a bias, and a scale of a grid are found in their layers")
  func faults() throws {
    let convolutions = model.graph.nodes.filter { $0.op is any ProductOp }.map(\.name)
    let middle = try #require(convolutions.dropFirst().first)
    var changed = model
    var weight = try #require(changed.graph.parameters["\(middle).weight"])
    weight.value.values[weight.value.values.count / 2] += 0.5
    changed.graph.parameters["\(middle).weight"] = weight
    try write(changed, "weight.condensed")
    let first = try diff("a.condensed", "weight.condensed")
    #expect(first.status == 1, "\(first.errors)")
    #expect(try layer(first.report) == middle)

    changed = model
    let last = try #require(convolutions.last)
    var bias = try #require(changed.graph.parameters["\(last).bias"])
    bias.value.values[3] += 0.25
    changed.graph.parameters["\(last).bias"] = bias
    try write(changed, "bias.condensed")
    let second = try diff("a.condensed", "bias.condensed")
    #expect(second.status == 1)
    #expect(try layer(second.report) == last)
    let element = try #require(second.report["firstParting"]?["element"])
    #expect(element == [3].node)

    var integers = try quantized()
    try write(integers, "int8.condensed")
    let places = integers.graph.valuePlaces()
    let grid = try #require(
      integers.graph.nodes.dropFirst(2).first {
        places[$0.name] == .stored && integers.graph.values[$0.name] is IntegerValue
      })
    let encoding = try #require(integers.graph.values[grid.name] as? IntegerValue)
    // A grid with a twentieth of the step clips most values.
    integers.graph.values[grid.name] = IntegerValue(
      bits: 8, scale: encoding.scale / 20, zeroPoint: encoding.zeroPoint)
    try write(integers, "scale.condensed")
    let third = try diff("int8.condensed", "scale.condensed")
    #expect(third.status == 1, "\(grid.name): \(third.report.prettyJSON) \(third.errors)")
    #expect(try layer(third.report) == grid.name)
  }

  @Test("Exported C computes the same, in floats and in bytes")
  func compiled() throws {
    let floats = try diff("a.condensed", "c:a.condensed")
    #expect(floats.status == 0, "\(floats.errors)")
    try write(quantized(), "int8.condensed")
    let integers = try diff("int8.condensed", "c:int8.condensed")
    #expect(integers.status == 0 && integers.report["greatestDifference"] == 0.0.node)
    #expect(try integers.report.required("layersCompared", of: "a report").integer("layers") > 3)
  }

  @Test("What cannot be compared is told: a runtime that is missing, models of other inputs, no model")
  func refusals() throws {
    let missing = try tool.run(
      ["diff", "a.condensed", "litert:a.tflite", "--data", "glyphs"],
      environment: ["PATH": "/nonexistent", "HOME": tool.folder])
    #expect(missing.status == 65 && missing.errors.contains("a.tflite: cannot be read"))
    let bytes = try TFLiteExporter().artifact(of: model, ExportOptions()).model.bytes
    try Data(bytes).write(to: URL(filePath: tool.folder + "/a.tflite"))
    let absent = try tool.run(
      ["diff", "a.condensed", "litert:a.tflite", "--data", "glyphs"],
      environment: ["PATH": "/nonexistent", "HOME": tool.folder])
    #expect(absent.status == 69)
    #expect(absent.errors.contains("pip install ai-edge-litert"))
    #expect(absent.errors.contains("CONDENSE_PYTHON"))
    #expect(
      try tool.run("diff", "a.condensed", "a.condensed", "--data", "glyphs", "--images", "0").status == 64)
  }

  @Test(
    "Other runtimes",
    .enabled(if: TFLiteRuntime.mayBeAsked && ONNXRuntime.mayBeAsked, "PyPI cannot be reached"))
  func runtimes() throws {
    let integers = try quantized()
    try write(integers, "int8.condensed")
    for (name, subject) in [("a", model), ("int8", integers)] {
      let lite = try TFLiteExporter().artifact(of: subject, ExportOptions()).model.bytes
      try Data(lite).write(to: URL(filePath: "\(tool.folder)/\(name).tflite"))
      let onnx = try ONNXExporter().artifact(of: subject, ExportOptions()).model.bytes
      try Data(onnx).write(to: URL(filePath: "\(tool.folder)/\(name).onnx"))
      let lites = TFLiteRuntime.all.map(\.python.program)
      for python in lites {
        let found = try diff(
          "\(name).condensed", "litert:\(name).tflite", environment: ["CONDENSE_PYTHON": python])
        #expect(found.status == 0, "\(name) \(found.errors) \(found.report.canonicalJSON)")
        #expect(try found.report.required("layersCompared", of: "a report").integer("layers") > 3)
      }
      let found = try diff(
        "\(name).condensed", "onnxruntime:\(name).onnx",
        environment: ["CONDENSE_PYTHON": ONNXRuntime.python.program])
      #expect(found.status == 0, "\(name) \(found.errors) \(found.report.canonicalJSON)")
      #expect(try found.report.required("layersCompared", of: "a report").integer("layers") > 3)
    }
  }
}
