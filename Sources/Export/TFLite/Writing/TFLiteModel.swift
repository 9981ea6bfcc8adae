/// The contents of a .tflite file: the part of TensorFlow Lite's schema (version 3) that networks of the
/// catalogue need.
struct TFLiteModel {
  /// A grid of integers: `real = scale · (q - zeroPoint)`, with one pair, or one for each index along an
  /// axis.
  struct Quantization: Equatable {
    var scales: [Float]
    var zeroPoints: [Int64]
    var axis: Int32 = 0
  }

  /// A value or a constant; shapes have TensorFlow's order, images N, H, W, C.
  struct Tensor {
    var name: String
    var shape: [Int32]
    var type: TFLiteElementType
    /// The index of its bytes in `buffers`; 0, which is empty, for values.
    var buffer: UInt32
    var quantization: Quantization?
  }

  /// A call of an operator.
  struct Call {
    var operation: TFLiteOperation
    var inputs: [Int32]
    var outputs: [Int32]
  }

  /// A named text beside the network.
  struct Metadata {
    var name: String
    var text: String
  }

  var tensors: [Tensor] = []
  var calls: [Call] = []
  var inputs: [Int32] = []
  var outputs: [Int32] = []
  /// The bytes of constants; the first is empty by convention.
  var buffers: [[UInt8]] = [[]]
  var metadata: [Metadata] = []
}

/// An operator of TensorFlow Lite with its options.
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
  /// The operator's version for floats and for bytes.
  var version: (float: Int32, int8: Int32) = (1, 1)
  /// The operator's version for constants of 4 bits; 0 where there is none.
  var int4Version: Int32 = 0
  /// The name of an operator outside TensorFlow Lite; `nil` for its own.
  var customName: String?
  /// The number of its table of options in the union `BuiltinOptions`; 0 for none.
  var optionsKind: UInt8 = 0
  /// The options by their field in that table.
  var options: [UInt16: Option] = [:]
}
