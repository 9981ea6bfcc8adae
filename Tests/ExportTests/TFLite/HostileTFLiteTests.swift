import Graphs
import Ops
import Tensors
import TestSupport
import Testing

@testable import Export

@Suite("TensorFlow Lite files that lie")
struct HostileTFLiteTests {
  /// A convolution of 3 channels of 8x8 pixels that can be damaged, and the mean of each channel.
  private func sample(_ spoil: (inout TFLiteModel) -> Void = { _ in }) -> [UInt8] {
    var model = TFLiteModel()
    func bytes(_ values: [Float]) -> [UInt8] { values.littleEndianBytes }
    func bytes(_ values: [Int32]) -> [UInt8] {
      values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } }
    }
    model.buffers += [
      bytes((0..<9).map { Float($0) - 4 }), bytes([0, 1, 2] as [Float]), bytes([1, 2] as [Int32]),
    ]
    model.tensors = [
      .init(name: "image", shape: [1, 8, 8, 3], type: .float32, buffer: 0, quantization: nil),
      .init(name: "w", shape: [3, 1, 1, 3], type: .float32, buffer: 1, quantization: nil),
      .init(name: "b", shape: [3], type: .float32, buffer: 2, quantization: nil),
      .init(name: "c", shape: [1, 8, 8, 3], type: .float32, buffer: 0, quantization: nil),
      .init(name: "axes", shape: [2], type: .int32, buffer: 3, quantization: nil),
      .init(name: "y", shape: [1, 3], type: .float32, buffer: 0, quantization: nil),
    ]
    var mean = TFLiteOperation.mean
    mean.options = [0: .truth(false)]
    model.calls = [
      .init(
        operation: .convolution(stride: 1, dilation: 1, .valid, .relu), inputs: [0, 1, 2], outputs: [3]),
      .init(operation: mean, inputs: [3, 4], outputs: [5]),
    ]
    model.inputs = [0]
    model.outputs = [5]
    spoil(&model)
    return model.encoded(description: "sample")
  }

  private func message(_ bytes: [UInt8]) -> String {
    errorMessage {
      _ = try TFLiteFile.read(bytes: bytes, file: "m.tflite", ImportOptions(needsNormalization: false))
    }
  }

  @Test("The sample itself is read")
  func sampleIsSound() { #expect(message(sample()) == "nothing thrown") }

  @Test("What is not supported is told in one message, operator by operator")
  func unsupported() {
    let bytes = sample {
      $0.calls[0].operation = TFLiteOperation(code: 67)
      $0.tensors.append(.init(name: "z", shape: [1, 8, 8, 3], type: .float32, buffer: 0, quantization: nil))
      $0.calls.insert(.init(operation: TFLiteOperation(code: 66), inputs: [3], outputs: [6]), at: 1)
      $0.calls[2].inputs[0] = 6
    }
    #expect(
      message(bytes) == """
        m.tflite: 2 TensorFlow Lite operators cannot be imported:
          TRANSPOSE_CONV "c": this operator is not supported
          SIN "z": this operator is not supported
        """)
    #expect(
      message(sample { $0.calls[0].operation.options[3] = .choice(9) }).contains(
        "CONV_2D \"c\": the fused activation 9"))
    #expect(message(sample { $0.calls[0].operation.options[1] = .integer(-2) }).contains("strides [1, -2]"))
  }

  @Test("Tensors whose extents and bytes disagree, or lie about their places, are refused")
  func tensors() {
    #expect(message(sample { $0.buffers[1].removeLast() }).contains("[3, 1, 1, 3] takes 36 bytes, found 35"))
    #expect(message(sample { $0.tensors[1].shape[0] = -3 }).contains("extents [-3, 1, 1, 3]"))
    let huge = sample { $0.tensors[1].shape = [1 << 29, 1 << 29, 1 << 29, 1 << 29] }
    #expect(message(huge).contains("a weight of [536870912, "))
    #expect(message(sample { $0.tensors[1].buffer = 77 }).contains("in buffer 77 of"))
    #expect(message(sample { $0.calls[0].inputs[1] = 99 }).contains("tensor 99 of 6"))
    #expect(message(sample { $0.calls[0].inputs[0] = -5 }).contains("tensor -5 of 6"))
    #expect(message(sample { $0.tensors[0].shape = [1, 8, 8, 0] }).contains("axis 3"))
    #expect(message(sample { $0.tensors[0].shape = [1, 1 << 20, 8, 3] }).contains("axis 1"))
    #expect(message(sample { $0.tensors[3].shape = [1, 8, 8, 30] }) == "nothing thrown")
    let scales = sample {
      $0.tensors[0].type = .int8
      $0.tensors[0].quantization = .init(scales: [-1], zeroPoints: [0])
    }
    #expect(message(scales).contains("a scale of -1"))
  }

  @Test("Operators that run in circles, make a value twice or nothing at all are refused")
  func graphs() {
    let circle = sample { $0.calls[0].inputs[0] = 3 }
    #expect(message(circle).contains("CONV_2D \"c\": it reads \"c\", which no earlier operator makes"))
    let twice = sample { $0.calls[1].outputs = [3] }
    #expect(
      message(twice) == "m.tflite: damaged TensorFlow Lite: two operators make \"c\", or it is an input")
    #expect(message(sample { $0.outputs = [] }) == "m.tflite: TensorFlow Lite output: there is none")
    #expect(message(sample { $0.outputs = [1] }).contains("no node makes"))
    #expect(message(sample { $0.inputs = [] }).contains("0 inputs (), expected one of images"))
    let many = sample { model in
      model.calls = (0..<2501).map { _ in model.calls[0] }
    }
    #expect(message(many) == "m.tflite: TensorFlow Lite: 2501 operators, at most 2500 are accepted")
  }

  @Test("Cut-off files are refused")
  func cut() {
    let bytes = sample()
    for length in stride(from: 0, to: bytes.count, by: 13) {
      #expect(throws: ModelFileError.self) {
        try TFLiteFile.read(
          bytes: Array(bytes.prefix(length)), file: "m", ImportOptions(needsNormalization: false))
      }
    }
  }

  @Test("Two thousand damaged files: each is read or refused", arguments: 0..<8)
  func mutations(part: Int) throws {
    var graph = try SmallGraph.residual.graph()
    let images = graph.randomInputs(batch: 2)[0]
    let donor = try graph.tflite()
    graph = try graph.onGrids(over: images)
    let original = part.isMultiple(of: 2) ? donor : try graph.tflite()
    var refused = 0
    for index in 0..<250 {
      let bytes = FileMutation.mutated(original, splicing: donor, seed: 17, index: part * 250 + index)
      do {
        let options = ImportOptions(needsNormalization: false)
        try TFLiteFile.read(bytes: bytes, file: "m", options).model.graph.verify()
      } catch is ModelFileError {
        refused += 1
      }
    }
    #expect(refused > 60)
  }
}
