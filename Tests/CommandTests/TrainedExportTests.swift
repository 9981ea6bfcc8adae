import Datasets
import Encodings
import Execution
import Export
import Foundation
import Graphs
import Settings
import Tensors
import TestSupport
import Testing

@testable import condense

/// Students that `compare` trained and quantized, exported and run by other programs on the whole test split.
@Suite(
  "Trained students in other runtimes",
  .enabled(if: ONNXRuntime.mayBeAsked && TFLiteRuntime.mayBeAsked, "PyPI cannot be reached"))
struct TrainedExportTests {
  private let tool: Tool

  init() throws {
    tool = try Tool()
    try tool.makeGlyphs(count: 5000)
    let recipe = """
      recipe: 1
      data: glyphs
      seeds: 1
      targets: [asic-45nm]
      controls: false
      teacher: {network: cnn-small, training: {epochs: 3, batch: 64}}
      students: [{name: int8, pipeline: [{post-training-quantization: {images: 128}}]}]

      """
    try Data(recipe.utf8).write(to: URL(filePath: tool.folder + "/r.yaml"))
  }

  @Test(
    "Bytes: 99 % of the logits within a step of the integer reference, and the same top-1 within 0.1 points")
  func bytes() throws {
    let run = try tool.run("compare", "r.yaml", "--out", "run", "--json")
    #expect(run.status == 0, "\(run.errors)")
    let rows = try run.json.required("students", of: "ranking").list("students")
    let path =
      tool.folder + "/run/" + (try #require(rows.first).required("model", of: "a row").string("model"))
    let images = try VerificationMaterial(
      data: tool.folder + "/glyphs", imported: ModelReader.read(path)
    ).images(atMost: 10_000)
    #expect(images.truth.count >= 1000)
    let model = try AnyModelFile.read(path)
    let expected = try reference(model.graph, images.images)

    func check(_ found: [Float], _ runtime: String) {
      let near = zip(expected.integers, found).count { abs(Float($0) - $1) <= 1.001 }
      #expect(near * 100 >= 99 * found.count && found.count == expected.integers.count, "\(runtime): \(near)")
      let ours = right(expected.integers.map(Float.init), images.truth.compactMap(\.label))
      let theirs = right(found, images.truth.compactMap(\.label))
      #expect(
        abs(ours - theirs) * 1000 <= images.truth.count, "\(runtime): \(theirs) right, here \(ours)")
      #expect(ours * 10 > 8 * images.truth.count, "the student did not learn: \(ours)")
    }
    let onnx = try ONNXExporter().artifact(of: model, ExportOptions()).model
    let logits = try ONNXRuntime.run(onnx.bytes, on: images.images).logits
    check(logits.map { $0 / expected.scale + Float(expected.zeroPoint) }, "onnxruntime")
    let lite = try TFLiteExporter().artifact(of: model, ExportOptions()).model
    for runtime in TFLiteRuntime.all {
      check(try runtime.run(lite.bytes, on: images.images), "\(runtime.python.packages)")
    }
  }

  /// The integer outputs of all images, with the scale and zero point of the output.
  private func reference(
    _ graph: Graph, _ images: Tensor
  ) throws -> (integers: [Int8], scale: Float, zeroPoint: Int32) {
    let program = try IntegerProgram(graph)
    let (input, output) = (program.values[program.inputs[0]], program.values[program.outputs[0]])
    let size = input.shape.count
    let integers = (0..<images.shape[0]).flatMap { image in
      let pixels = images.values[image * size..<(image + 1) * size].map { input.integer($0) }
      return program.values(of: [pixels])[program.outputs[0]]
    }
    return (integers, output.scale, output.zeroPoint)
  }

  /// The number of images with the first of the largest outputs at their label.
  private func right(_ outputs: [Float], _ labels: [Int]) -> Int {
    let classes = outputs.count / labels.count
    return labels.indices.count { image in
      let scores = outputs[image * classes..<(image + 1) * classes]
      return scores.firstIndex(of: scores.max() ?? 0).map { $0 - image * classes } == labels[image]
    }
  }
}
