/// What a .tflite file holds: the part of TensorFlow Lite's schema (version 3) that classifiers need.
struct TFLiteModel {
  /// Integers that stand for reals: `real = scale · (q - zeroPoint)`, one pair or one for each index on an axis.
  struct Quantization: Equatable {
    var scales: [Float]
    var zeroPoints: [Int64]
    var axis: Int32 = 0
  }

  /// A value or a constant; shapes are in TensorFlow's order, images as N, H, W, C.
  struct Tensor {
    var name: String
    var shape: [Int32]
    var type: TFLiteElementType
    /// The position of its bytes in `buffers`; 0, which is empty, for values.
    var buffer: UInt32
    var quantization: Quantization?
  }

  /// A call of one of TensorFlow Lite's operators.
  struct Call {
    var operation: TFLiteOperation
    var inputs: [Int32]
    var outputs: [Int32]
  }

  /// A named piece of text beside the network.
  struct Metadata {
    var name: String
    var text: String
  }

  var tensors: [Tensor] = []
  var calls: [Call] = []
  var inputs: [Int32] = []
  var outputs: [Int32] = []
  /// Bytes of constants; the first is empty by agreement.
  var buffers: [[UInt8]] = [[]]
  var metadata: [Metadata] = []
}

/// One of TensorFlow Lite's operators with its options.
struct TFLiteOperation {
  /// An option of an operator.
  enum Option {
    case choice(Int8)
    case integer(Int32)
    case truth(Bool)
    case real(Float)
  }

  /// The operator's number: `BuiltinOperator` in the schema.
  var code: Int32
  /// The version that holds for the types in use, in floats and in bytes.
  var version: (float: Int32, int8: Int32) = (1, 1)
  /// The version for constants of 4 bits; 0 where there is none.
  var int4Version: Int32 = 0
  /// The name of an operator that is none of TensorFlow Lite's own.
  var customName: String?
  /// The number of its table of options in the union `BuiltinOptions`; 0 for none.
  var optionsKind: UInt8 = 0
  /// The options by their position in that table.
  var options: [UInt16: Option] = [:]
}
