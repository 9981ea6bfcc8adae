import Encodings
import Foundation
import Graphs
import Tensors
import TestSupport
import Testing

@testable import Export

/// Files of other programs, with the outputs that TensorFlow Lite's interpreter gave.
///
/// TensorFlow's converter made those of Keras networks (`Resources/make-keras-networks.py`), LiteRT's tools
/// that of a PyTorch network (`make-litert-networks.py`).
@Suite("TensorFlow Lite files of other makers")
struct TFLiteImportTests {
  private static let resources = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Resources")

  private static func data(_ name: String) throws -> Data {
    try Data(contentsOf: resources.appending(path: name))
  }

  private static func read(_ name: String) throws -> ImportedModel {
    try TFLiteFile.read(
      bytes: [UInt8](data(name + ".tflite")), file: name, ImportOptions(needsNormalization: false))
  }

  /// The outputs computed here, as probabilities if the file ends in them, and those of the interpreter.
  private static func outputs(_ name: String) throws -> (
    found: [Float], wanted: [Float], model: ImportedModel
  ) {
    let imported = try read(name)
    let graph = imported.model.graph
    let shape = graph.inputs[0].shape
    let stem = name.prefix { $0 != "-" }
    let images = try data("\(stem).f32").littleEndianFloats
    let count = images.count / shape.count
    var found = try graph.reference([Tensor(images, shape: Shape([count] + shape.dimensions))]).values
    if imported.notes.contains(where: { $0.hasPrefix("ends in a softmax") }) {
      let width = found.count / count
      found = (0..<count).flatMap { image -> [Float] in
        let powers = found[image * width..<(image + 1) * width].map { exp($0) }
        return powers.map { $0 / powers.reduce(0, +) }
      }
    }
    return (found, try data("\(name).out").littleEndianFloats, imported)
  }

  @Test(
    "Floats and halves: within 1e-4 of the largest output",
    arguments: [
      "keras_mobile-float", "keras_mobile-f16", "keras_flat-float", "keras_flat-f16", "keras_rare-float",
      "litert_residual-float", "litert_residual-weights",
    ])
  func floats(name: String) throws {
    let (found, wanted, model) = try Self.outputs(name)
    let difference = Difference(wanted, found)
    #expect(difference.greatest <= 1e-4 * difference.largest)
    #expect(model.model.graph.values.isEmpty)
    #expect(found.count >= 40)
  }

  @Test(
    "Integers: 99 of 100 outputs within a step",
    arguments: [
      "keras_mobile-int8", "keras_mobile-uint8", "keras_flat-int8", "keras_mobile-int16",
      "litert_residual-int8",
    ])
  func integers(name: String) throws {
    let (found, wanted, model) = try Self.outputs(name)
    let graph = model.model.graph
    // If a final softmax was removed, the step is that of probabilities.
    let isSoftmax = model.notes.contains { $0.hasPrefix("ends in a softmax") }
    let step =
      try isSoftmax ? 1 / 256 : #require(graph.storedEncoding(of: graph.outputs[0]) as? IntegerValue).scale
    let near = zip(wanted, found).count { abs($0 - $1) <= 1.001 * step }
    #expect(near * 100 >= 99 * wanted.count, "\(near) of \(wanted.count)")
    #expect(graph.hasEncodedValues)
    let weights = graph.parameters.filter { $0.key.hasSuffix(".weight") }
    #expect(!weights.isEmpty && weights.values.allSatisfy { ($0.encoding as? Integer)?.bits == 8 })
  }

  @Test("Integer weights beside floats stay on their grids, and it is said")
  func dynamic() throws {
    let (found, wanted, model) = try Self.outputs("keras_flat-dynamic")
    #expect(model.notes.contains { $0.contains("quantizes values by the range") })
    let difference = Difference(wanted, found)
    #expect(difference.greatest <= 0.05 * difference.largest)
    #expect(model.model.graph.parameters.values.contains { $0.encoding is Integer })
  }
}
