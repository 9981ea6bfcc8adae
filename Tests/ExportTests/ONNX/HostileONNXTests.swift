import Encodings
import Foundation
import Graphs
import Tensors
import TestSupport
import Testing

@testable import Export

@Suite("ONNX files that lie")
struct HostileONNXTests {
  private func message(_ sample: ONNXSample, folder: String? = nil) -> String {
    errorMessage {
      _ = try ONNXFile.read(
        bytes: sample.bytes, file: "m.onnx", folder: folder, ImportOptions(needsNormalization: false))
    }
  }

  /// A convolution of 3 channels that can be damaged before it is read.
  private func convolution(_ spoil: (inout ONNXSample) -> Void) -> ONNXSample {
    var sample = ONNXSample()
    sample.floats("w", [3, 3, 1, 1])
    sample.add("Conv", ["image", "w"], ["c"])
    sample.addEnd(from: "c")
    spoil(&sample)
    return sample
  }

  @Test("The sample itself is read")
  func sampleIsSound() {
    #expect(message(convolution { _ in }) == "nothing thrown")
  }

  @Test("What is not supported is listed node by node, and only that")
  func unsupportedNodes() {
    let sample = convolution {
      $0.proto.graph.node = []
      $0.add("Einsum", ["image", "w"], ["a"])
      $0.add("Relu", ["a"], ["b"])
      $0.add("Conv", ["image", "w"], ["c"], [.string("auto_pad", "ODD")])
      $0.proto.graph.node[0].domain = "com.example"
      $0.add("Add", ["b", "c"], ["d"])
      $0.add("Erf", ["image"], ["unused"])
      $0.addEnd(from: "d")
    }
    #expect(
      message(sample) == """
        m.onnx: 2 ONNX nodes cannot be imported:
          com.example.Einsum "n0": this operator is not supported
          Conv "n2": auto_pad ODD
        """)
  }

  @Test("Tensors whose extents and bytes disagree are refused")
  func tensors() {
    let short = convolution { $0.proto.graph.initializer[0].rawData.removeLast() }
    #expect(message(short).contains("[3, 3, 1, 1] of 4 bytes take 36 bytes, found 35"))
    let negative = convolution { $0.proto.graph.initializer[0].dims[0] = -3 }
    #expect(message(negative).contains("an extent of -3"))
    let huge = convolution { $0.proto.graph.initializer[0].dims = [1 << 29, 1 << 29, 1 << 29, 1 << 29] }
    #expect(message(huge).contains("more than 1073741824 elements"))
    let overflowing = convolution { $0.proto.graph.initializer[0].dims = [.max, .max] }
    #expect(message(overflowing).contains("an extent of 9223372036854775807"))
    let manyAxes = convolution { $0.proto.graph.initializer[0].dims = Array(repeating: 1, count: 100) }
    #expect(message(manyAxes).contains("100 axes, at most 8"))
    let strange = convolution { $0.proto.graph.initializer[0].dataType = 77 }
    #expect(message(strange).contains("elements of type 77 are not read"))
    let infinite = convolution {
      $0.proto.graph.initializer[0] = ONNXTensorProto(
        name: "w", floats: Array(repeating: .infinity, count: 9), dims: [3, 3, 1, 1])
    }
    #expect(message(infinite).contains("not finite"))
    let doubled = convolution { $0.proto.graph.initializer.append($0.proto.graph.initializer[0]) }
    #expect(message(doubled).contains("two tensors have this name"))
  }

  @Test("Graphs that run in circles, make a value twice or nothing at all are refused")
  func graphs() {
    let circle = convolution {
      $0.proto.graph.node = []
      $0.add("Add", ["image", "b"], ["a"])
      $0.add("Relu", ["a"], ["b"])
      $0.addEnd(from: "b")
    }
    #expect(message(circle).contains("Add \"n0\": it reads \"b\", which no earlier node makes"))
    let twice = convolution { $0.add("Relu", ["image"], ["c"]) }
    #expect(message(twice) == "m.onnx: damaged ONNX: two nodes make \"c\"")
    let nothing = convolution { $0.proto.graph.output[0].name = "z" }
    #expect(message(nothing) == "m.onnx: ONNX output: no node makes \"z\"")
    let old = ONNXSample(opset: 6)
    #expect(message(old).contains("operator set 6, expected 7 to 27"))
    let two = convolution { $0.proto.graph.input.append(ONNXSample.value("mask", [nil, 3, 8, 8])) }
    #expect(message(two).contains("2 inputs (image, mask), expected one of images"))
    let free = convolution { $0.proto.graph.input[0] = ONNXSample.value("image", [nil, 3, nil, 8]) }
    #expect(message(free).contains("axis 2 of \"image\" is \"n\", expected a number"))
  }

  @Test("Weights that many nodes share take no more memory than the file is worth")
  func sharedWeights() {
    let sample = convolution {
      $0.proto.graph.initializer = []
      $0.floats("w", [1024, 3, 32, 32])
      $0.proto.graph.node = []
      for index in 0..<20 {
        $0.add("Conv", ["image", "w"], ["c\(index)"], [.ints("pads", [16, 16, 16, 16])])
      }
      $0.add("Sum", (0..<20).map { "c\($0)" }, ["s"])
      $0.addEnd(from: "s")
    }
    #expect(message(sample).contains("out of proportion to the size of the file"))
  }

  @Test("Names are cut by bytes, so that a student file takes them; an input's long one is refused")
  func longNames() throws {
    let long = String(repeating: "\u{5C42}", count: 200)
    let sample = convolution {
      $0.proto.graph.node = []
      $0.add("Conv", ["image", "w"], [long + "1"])
      $0.add("Relu", [long + "1"], [long + "2"])
      $0.addEnd(from: long + "2")
    }
    let model = try ONNXFile.read(
      bytes: sample.bytes, file: "m.onnx", folder: nil, ImportOptions(needsNormalization: false)
    ).model
    #expect(model.graph.nodes.allSatisfy { $0.name.utf8.count <= 170 })
    let again = try StudentFile.read(bytes: try StudentFile.bytes(of: model, coded: true), file: "m")
    #expect(again.graph == model.graph)
    var input = sample
    input.proto.graph.input[0].name = long
    input.proto.graph.node[0].input[0] = long
    #expect(message(input).contains("its name has 600 bytes, expected at most 256"))
  }

  @Test("Endless chains are refused, and long ones of equal names are read in time", .timeLimit(.minutes(1)))
  func manyNodes() {
    func chain(_ count: Int) -> ONNXSample {
      var nodes: [ONNXNodeProto] = []
      for index in 0..<count {
        var node = ONNXNodeProto()
        node.opType = "Relu"
        node.input = [nodes.last?.output.first ?? "image"]
        // Arrows are not letters, so the names differ in the file but not in the graph.
        let letters = [index / 10_000, index / 100 % 100, index % 100].map { place in
          String(UnicodeScalar(UInt16(0x2190 + place)).map(Character.init) ?? "-")
        }
        node.output = [letters.joined()]
        nodes.append(node)
      }
      return convolution {
        $0.proto.graph.node = nodes
        $0.addEnd(from: nodes.last?.output.first ?? "")
      }
    }
    #expect(message(chain(20_001)) == "m.onnx: ONNX: 20003 nodes, at most 20000 are accepted")
    #expect(message(chain(3_000)) == "nothing thrown")
  }

  @Test("Messages nested deeper than a network's are refused, cut-off files too")
  func damagedMessages() throws {
    let bytes = try convolution { _ in }.bytes
    for length in stride(from: 3, to: bytes.count, by: 7) {
      #expect(throws: ModelFileError.self) {
        try ONNXFile.read(
          bytes: Array(bytes.prefix(length)), file: "m", folder: nil, ImportOptions(needsNormalization: false)
        )
      }
    }
    let text = errorMessage {
      _ = try ONNXFile.read(bytes: [0x08, 0x08, 0x3A, 0xFF], file: "m", folder: nil, ImportOptions())
    }
    #expect(text.contains("m: damaged ONNX: the protobuf message cannot be read"))
  }

  @Test("Two thousand damaged files: each is read or refused", arguments: 0..<8)
  func mutations(part: Int) throws {
    var graph = try SmallGraph.residual.graph()
    let images = graph.randomInputs(batch: 2)[0]
    let donor = try graph.onnx()
    graph = try graph.onGrids(over: images)
    let original = part.isMultiple(of: 2) ? donor : try graph.onnx()
    var refused = 0
    for index in 0..<250 {
      let bytes = FileMutation.mutated(original, splicing: donor, seed: 17, index: part * 250 + index)
      do {
        let options = ImportOptions(needsNormalization: false)
        try ONNXFile.read(bytes: bytes, file: "m", folder: nil, options).model.graph.verify()
      } catch is ModelFileError {
        refused += 1
      }
    }
    #expect(refused > 60)
  }
}
