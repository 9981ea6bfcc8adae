import Foundation
import Graphs
import Ops
import Settings
import Tensors
import Testing

@Suite("Model file")
struct ModelFileTests {
  @Test("A model read back equals the one written, and is written to the same bytes again")
  func roundTrip() throws {
    let model = try smallModel()
    let bytes = try ModelFile.bytes(of: model)
    let copy = try ModelFile.read(bytes: bytes, file: "m", catalogue: .standard)
    #expect(copy == model)
    #expect(try ModelFile.bytes(of: copy) == bytes)
  }

  @Test("A file on disk is replaced whole, and nothing is left beside it")
  func onDisk() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "model-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "m.safetensors").path
    try ModelFile.write(smallModel(seed: 1), to: path)
    try ModelFile.write(smallModel(seed: 2), to: path)
    #expect(try ModelFile.read(path, catalogue: .standard) == smallModel(seed: 2))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["m.safetensors"])
  }

  @Test("The layout is that of safetensors: padded JSON header, tensors by name without holes")
  func layout() throws {
    let model = try smallModel()
    let bytes = try ModelFile.bytes(of: model)
    let length = Int(bytes[0]) | Int(bytes[1]) << 8
    #expect(length % 8 == 0)
    let header = try SettingsNode(json: bytes[8..<(8 + length)], source: "header")
    #expect(
      try header.required("__metadata__", of: "header").required("format", of: "m").string("format")
        == "condense")
    var end = 0
    for entry in try header.mapping("header") where entry.key != "__metadata__" {
      let offsets = try [Int](reading: entry.value.required("data_offsets", of: "t"), key: "data_offsets")
      #expect(offsets[0] == end)
      #expect(try entry.value.required("dtype", of: "t").string("dtype") == "F32")
      end = offsets[1]
      let values = try #require(model.graph.parameters[entry.key]).value.values
      #expect(LittleEndian.floats(bytes[(8 + length + offsets[0])..<(8 + length + offsets[1])]) == values)
    }
    #expect(bytes.count == 8 + length + end)
  }

  @Test("A model that reading would refuse is not written")
  func refusesToWrite() throws {
    var model = try smallModel()
    model.graph.parameters["logits.bias"]?.value.values[1] = .nan
    #expect(throws: ModelFileError.graph(file: "m", .graph(.notFinite(parameter: "logits.bias")))) {
      try ModelFile.bytes(of: model, file: "m")
    }
    model = try smallModel()
    model.classes.removeLast()
    #expect(throws: ModelFileError.classCount(file: "m", classes: 3, output: [1, 4])) {
      try ModelFile.bytes(of: model, file: "m")
    }
    model.classes.append("zero")
    #expect(throws: ModelFileError.duplicateClass(file: "m", name: "zero")) {
      try ModelFile.bytes(of: model, file: "m")
    }
  }

  @Test("More classes than tables of classes by classes allow are refused")
  func classes() throws {
    let count = Model.maximumClasses + 1
    var model = try smallModel()
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [1, 1, 1])])
    try graph.append(Flatten(), name: "flat", inputs: ["image"])
    graph.outputs = [try graph.append(Linear(features: count), name: "logits", inputs: ["flat"])]
    graph.initializeParameters(seed: 0)
    model.graph = graph
    model.classes = (0..<count).map { "\($0)" }
    #expect(throws: ModelFileError.tooManyClasses(file: "m", found: count, limit: 10_000)) {
      try ModelFile.bytes(of: model, file: "m")
    }
  }

  @Test("Fourteen million floats are written and read in less than five seconds together")
  func speed() throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [1, 120, 121])])
    try graph.append(Flatten(), name: "flat", inputs: ["image"])
    try graph.append(Linear(features: 1000), name: "logits", inputs: ["flat"])
    graph.outputs = ["logits"]
    graph.initializeParameters(seed: 0)
    let model = Model(
      graph: graph, classes: (0..<1000).map { "\($0)" },
      input: InputDescription(shape: [1, 120, 121], mean: [0], deviation: [1]),
      split: SettingsNode(.mapping([])), provenance: SettingsNode(.mapping([])))
    let path = FileManager.default.temporaryDirectory.appending(path: "model-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let clock = ContinuousClock()
    var copy: Model?
    let writing = try clock.measure { try ModelFile.write(model, to: path) }
    let reading = try clock.measure { copy = try ModelFile.read(path, catalogue: .standard) }
    #expect(copy == model)
    #expect(writing + reading < .seconds(5), "writing \(writing), reading \(reading)")
  }
}
