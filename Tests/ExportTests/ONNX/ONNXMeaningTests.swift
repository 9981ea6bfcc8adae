import Graphs
import Tensors
import TestSupport
import Testing

@testable import Export

/// Valid files whose nodes mean something else than they seem to.
@Suite("What ONNX nodes mean")
struct ONNXMeaningTests {
  private func message(_ build: (inout ONNXSample) -> Void) -> String {
    var sample = ONNXSample()
    build(&sample)
    return errorMessage {
      _ = try ONNXFile.read(
        bytes: sample.bytes, file: "m.onnx", folder: nil, ImportOptions(needsNormalization: false))
    }
  }

  /// Adds `image`, flattened and multiplied by a weight, as `z`.
  private func addFeatures(to sample: inout ONNXSample) {
    sample.floats("w", [192, 3])
    sample.add("Flatten", ["image"], ["f"])
    sample.add("Gemm", ["f", "w"], ["z"])
  }

  @Test(
    "A constant is matched from the last axis: beside rows it is no number a channel, however many there are")
  func broadcasting() {
    for (dims, isRead) in [([3], false), ([3, 1], true), ([1, 3, 1], true), ([1, 1, 3, 1], false)] {
      let told = message {
        $0.integers("rows", [-1, 3, 64])
        $0.integers("threes", [-1, 64, 3])
        $0.floats("k", dims)
        $0.floats("w", [192, 3])
        $0.add("Reshape", ["image", dims == [3] ? "threes" : "rows"], ["r"])
        $0.add("Mul", ["r", "k"], ["m"])
        $0.add("Flatten", ["m"], ["f"])
        $0.add("Gemm", ["f", "w"], ["y"])
      }
      #expect(told.contains("expected one number a channel") == !isRead, "\(dims): \(told)")
    }
    // There are as many rows as channels, but the axis is still that of rows.
    let square = message {
      $0.integers("square", [-1, 8, 8])
      $0.floats("k", [8])
      $0.floats("w", [64, 3])
      $0.proto.graph.input[0] = ONNXSample.value("image", [nil, 1, 8, 8])
      $0.add("Reshape", ["image", "square"], ["r"])
      $0.add("Add", ["r", "k"], ["m"])
      $0.add("Flatten", ["m"], ["f"])
      $0.add("Gemm", ["f", "w"], ["y"])
    }
    #expect(square.contains("a constant of [8] beside 1x8x8, expected one number a channel"), "\(square)")
  }

  @Test(
    "A value that is put on a grid under one name and read as it is under another is refused",
    arguments: [true, false])
  func gridsOfOtherNames(isShared: Bool) {
    let told = message {
      addFeatures(to: &$0)
      $0.floats("scale", [], [0.5])
      $0.proto.graph.initializer.append(ONNXTensorProto(name: "zero", integers: [0], type: .int8, dims: []))
      $0.add("Identity", ["z"], ["i"])
      $0.add("QuantizeLinear", ["i", "scale", "zero"], ["q"])
      $0.add("DequantizeLinear", ["q", "scale", "zero"], ["d"])
      $0.add("Relu", [isShared ? "z" : "d"], ["r"])
      $0.add("Add", ["d", "r"], ["y"])
    }
    #expect(told.contains("other nodes read the value as it was before") == isShared, "\(told)")
  }

  @Test("So is an input that other nodes read as it came")
  func gridOfTheInput() {
    for isShared in [true, false] {
      let told = message {
        $0.floats("w", [192, 3])
        $0.floats("scale", [], [0.5])
        $0.proto.graph.initializer.append(ONNXTensorProto(name: "zero", integers: [0], type: .int8, dims: []))
        $0.add("QuantizeLinear", ["image", "scale", "zero"], ["q"])
        $0.add("DequantizeLinear", ["q", "scale", "zero"], ["d"])
        $0.add("QuantizeLinear", ["image", "scale", "zero"], ["q2"])
        $0.add("DequantizeLinear", ["q2", "scale", "zero"], ["d2"])
        $0.add("Add", ["d", isShared ? "image" : "d2"], ["s"])
        $0.add("Flatten", ["s"], ["f"])
        $0.add("Gemm", ["f", "w"], ["y"])
      }
      #expect(told.contains("other nodes read the value as it was before") == isShared, "\(told)")
    }
  }

  @Test("Scales of blocks are refused")
  func blocks() {
    let told = message {
      $0.proto.graph.initializer.append(
        ONNXTensorProto(name: "wq", integers: Array(repeating: 1, count: 576), type: .int8, dims: [192, 3]))
      $0.floats("ws", [64, 3])
      $0.add("DequantizeLinear", ["wq", "ws"], ["w"], [.int("axis", 0), .int("block_size", 3)])
      $0.add("Flatten", ["image"], ["f"])
      $0.add("Gemm", ["f", "w"], ["y"])
    }
    #expect(
      told.contains("block_size 3, expected 0: scales for blocks of elements are not supported"), "\(told)")
  }

  @Test("A dropout that trains, a part of the batch and names that are taken are refused")
  func refusals() {
    let dropout = message {
      addFeatures(to: &$0)
      $0.floats("rate", [], [0.5])
      $0.proto.graph.initializer.append(ONNXTensorProto(name: "trains", integers: [1], type: .bool, dims: []))
      $0.add("Dropout", ["z", "rate", "trains"], ["y"])
    }
    #expect(dropout.contains("training_mode 1, expected 0: export the network for inference"), "\(dropout)")
    let batch = message {
      addFeatures(to: &$0)
      $0.integers("start", [0])
      $0.integers("end", [1])
      $0.integers("axis", [0])
      $0.add("Slice", ["z", "start", "end", "axis"], ["y"])
    }
    #expect(batch.contains("a part of the batch; whole batches are supported"), "\(batch)")
    let taken = message {
      $0.floats("w", [192, 3])
      $0.add("Relu", ["image"], ["w"])
      $0.addEnd(from: "w")
    }
    #expect(taken.contains("a node makes \"w\", which is an input or a stored tensor"), "\(taken)")
    let quotient = message {
      addFeatures(to: &$0)
      $0.floats("k", [3], [1, 2, 3])
      $0.add("Div", ["k", "z"], ["y"])
    }
    #expect(quotient.contains("by a computed value; quotients by a constant are supported"), "\(quotient)")
  }

  @Test("Casts of constants do what the type can hold: wholes wrap, truths are 0 or 1, halves are rounded")
  func casts() throws {
    for (type, expected): (ONNXTensorProto.DataType, [Float]) in [
      (.bool, [0, 1, 1, 1]), (.uint8, [0, 44, 2, 253]), (.int8, [0, 44, 2, -3]), (.int32, [0, 300, 2, -3]),
      (.float16, [0.25, 300, 2.5, -3]), (.float, [0.25, 300, 2.5, -3]),
    ] {
      var sample = ONNXSample()
      sample.floats("k", [4], [type == .bool ? 0 : 0.25, 300, 2.5, -3])
      sample.floats("w", [192, 4])
      sample.add("Cast", ["k"], ["c"], [.int("to", type.rawValue)])
      sample.add("Cast", ["c"], ["scale"], [.int("to", ONNXTensorProto.DataType.float.rawValue)])
      sample.add("Flatten", ["image"], ["f"])
      sample.add("Gemm", ["f", "w"], ["z"])
      sample.add("Mul", ["z", "scale"], ["y"])
      let model = try ONNXFile.read(
        bytes: sample.bytes, file: "m.onnx", folder: nil, ImportOptions(needsNormalization: false)
      ).model
      #expect(model.graph.parameters["y.scale"]?.value.values == expected, "\(type)")
    }
  }
}
