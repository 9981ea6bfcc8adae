import Graphs
import Ops
import Tensors
import TestSupport
import Testing

@testable import Export

@Suite("The end of imported networks")
struct ONNXScoresTests {
  private func read(opset: Int64 = 17, _ build: (inout ONNXSample) -> Void) throws -> ImportedModel {
    var sample = ONNXSample(opset: opset)
    build(&sample)
    return try ONNXFile.read(
      bytes: sample.bytes, file: "m.onnx", folder: nil, ImportOptions(needsNormalization: false))
  }

  private func addFeatures(_ count: Int, to sample: inout ONNXSample) {
    sample.floats("w", [192, count])
    sample.add("Flatten", ["image"], ["f"])
    sample.add("Gemm", ["f", "w"], ["z"])
  }

  @Test(
    "A softmax at the end is left off and told, over either name of its axis and behind casts",
    arguments: [-1, 1])
  func softmax(axis: Int) throws {
    let imported = try read { sample in
      addFeatures(3, to: &sample)
      sample.add("Softmax", ["z"], ["s"], [.int("axis", axis)])
      sample.add("Cast", ["s"], ["c"], [.int("to", 1)])
      sample.add("Identity", ["c"], ["y"])
    }
    #expect(!imported.model.graph.nodes.contains { $0.op is Softmax })
    #expect(imported.model.classes.count == 3)
    #expect(imported.notes.count == 1 && imported.notes[0].contains("softmax"))
    #expect(
      try read { sample in
        addFeatures(3, to: &sample)
        sample.add("Identity", ["z"], ["y"])
      }.notes.isEmpty)
  }

  @Test("A softmax of images is over their channels", arguments: [13, 17])
  func images(opset: Int64) throws {
    let imported = try read(opset: opset) { sample in
      sample.floats("w", [4, 3, 1, 1])
      sample.add("Conv", ["image", "w"], ["c"])
      sample.add("GlobalAveragePool", ["c"], ["p"])
      sample.add("Softmax", ["p"], ["s"], [.int("axis", 1)])
      sample.add("Flatten", ["s"], ["y"])
    }
    #expect(!imported.model.graph.nodes.contains { $0.op is Softmax })
    #expect(imported.model.classes.count == 4)
  }

  @Test("One output is two classes, with a sigmoid and without", arguments: [true, false])
  func oneOutput(hasSigmoid: Bool) throws {
    let imported = try read { sample in
      addFeatures(1, to: &sample)
      sample.add(hasSigmoid ? "Sigmoid" : "Identity", ["z"], ["y"])
    }
    #expect(imported.model.classes == ["0", "1"])
    #expect(imported.namingClasses(["cat", "dog"]).classes == ["cat", "dog"])
    #expect(imported.notes.count == 1 && imported.notes[0].contains("one output"))
    let weight = try #require(imported.model.graph.parameters["z.weight"]).value
    #expect(weight.shape == [2, 192])
    #expect(weight.values[..<192].allSatisfy { $0 == 0 })
    #expect(weight.values[192] == -3 && weight.values[193] == -2)
  }

  @Test("A sigmoid of each class is taken away and said")
  func sigmoids() throws {
    let imported = try read { sample in
      addFeatures(4, to: &sample)
      sample.add("Sigmoid", ["z"], ["y"])
    }
    #expect(!imported.model.graph.nodes.contains { $0.op is Sigmoid })
    #expect(imported.notes.count == 1 && imported.notes[0].contains("a sigmoid of each class"))
  }

  @Test(
    "Scores that a softmax made are scores again when they were written", arguments: ["Softmax", "Sigmoid"])
  func scoresAgain(op: String) throws {
    let imported = try read { sample in
      addFeatures(4, to: &sample)
      sample.add(op, ["z"], ["p"])
      sample.add("Softmax", ["p"], ["y"])
    }
    let file = try ONNXExporter().artifact(of: imported.model, ExportOptions()).model
    let again = try ONNXFile.read(bytes: file.bytes, file: "m.onnx", folder: nil, ImportOptions())
    #expect(again.notes.isEmpty)
    #expect(again.model.graph.nodes.map { $0.op.kind } == imported.model.graph.nodes.map { $0.op.kind })
  }

  @Test("A softmax over one output is refused")
  func oneSoftmax() {
    let message = errorMessage {
      _ = try read { sample in
        addFeatures(1, to: &sample)
        sample.add("Softmax", ["z"], ["y"])
      }
    }
    #expect(message.contains("a softmax over one output is 1"), "\(message)")
  }
}
