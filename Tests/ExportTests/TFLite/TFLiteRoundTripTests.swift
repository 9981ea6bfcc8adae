import Encodings
import Graphs
import Networks
import Ops
import Tensors
import TestSupport
import Testing

@testable import Export

@Suite("TensorFlow Lite files, written and read back")
struct TFLiteRoundTripTests {
  @Test("Every op computes the same after a round trip, but for those that are not written")
  func ops() throws {
    var count = 0
    for example in OpCase.withoutGates {
      let graph = try example.graph()
      guard TFLiteExporter().refusals(of: graph, ExportOptions()).isEmpty, !(example.op is Dropout) else {
        continue
      }
      let copy = try TFLiteFile.graph(bytes: graph.tflite())
      let inputs = graph.randomInputs(batch: 1)
      let (found, wanted) = (try copy.reference(inputs), try graph.reference(inputs))
      #expect(found.shape == wanted.shape, "\(example)")
      let difference = Difference(wanted.values, found.values)
      #expect(difference.greatest <= 1e-5 * max(difference.largest, 1), "\(example)")
      count += 1
    }
    #expect(count >= 40)
  }

  @Test("Every network of Teachers/ comes back with what its file tells", arguments: ONNXRoundTripTests.names)
  func networks(name: String) throws {
    let spec = try NetworkSpec.named(name, searching: [ONNXRoundTripTests.teachers])
    var graph = try spec.build(options: NetworkOptions(width: 0.25))
    graph.scatterParameters(seed: 3)
    let model = graph.model()
    guard TFLiteExporter().refusals(of: graph, ExportOptions()).isEmpty else { return }
    let bytes = try TFLiteExporter().artifact(of: model, ExportOptions()).model.bytes
    let imported = try TFLiteFile.read(bytes: bytes, file: "m", ImportOptions())
    #expect(imported.model.classes == model.classes && imported.model.input == model.input)
    #expect(imported.model.split == model.split && imported.namesClasses && imported.isNormalizationKnown)
    let folded = try graph.foldedForInference()
    let inputs = graph.randomInputs(batch: 1)
    for (wanted, found) in zip(folded.outputs, imported.model.graph.outputs) {
      let difference = Difference(
        try folded.reference(inputs, of: wanted).values,
        try imported.model.graph.reference(inputs, of: found).values)
      #expect(difference.greatest <= 1e-5 * difference.largest)
    }
    #expect(folded.outputs.count == imported.model.graph.outputs.count)
  }

  @Test("Networks of Teachers/ in bytes come back as the same integers", arguments: ONNXRoundTripTests.names)
  func integers(name: String) throws {
    let spec = try NetworkSpec.named(name, searching: [ONNXRoundTripTests.teachers])
    var graph = try spec.build(options: NetworkOptions(width: 0.25))
    graph.scatterParameters(seed: 3)
    let inputs = graph.randomInputs(batch: 2)
    graph = try graph.withoutSoftmax().onGrids(over: inputs[0])
    guard TFLiteExporter().refusals(of: graph, ExportOptions()).isEmpty else { return }
    let copy = try TFLiteFile.read(bytes: graph.tflite(), file: "m", ImportOptions()).model.graph
    #expect(try copy.integerReference(inputs) == graph.integerReference(inputs))
    #expect(copy.hasEncodedValues)
  }

  @Test(
    "Small networks compute the same after a round trip, in floats and in bytes",
    arguments: SmallGraph.allCases)
  func smallNetworks(network: SmallGraph) throws {
    let original = try network.graph()
    let inputs = original.randomInputs(batch: 3)
    let copy = try TFLiteFile.graph(bytes: original.tflite())
    let difference = Difference(
      try original.reference(inputs).values, try copy.reference(inputs).values)
    #expect(difference.greatest <= 1e-5 * difference.largest)
    let graph = try original.withoutSoftmax().onGrids(over: inputs[0])
    let integers = try TFLiteFile.graph(bytes: graph.tflite())
    #expect(try integers.integerReference(inputs) == graph.integerReference(inputs))
  }
}

extension Graph {
  /// The bytes of the graph's .tflite file.
  func tflite() throws -> [UInt8] {
    try TFLiteExporter().artifact(of: model(classes: classCount ?? 1), ExportOptions()).model.bytes
  }
}
