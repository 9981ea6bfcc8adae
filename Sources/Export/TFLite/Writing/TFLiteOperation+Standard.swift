import Ops

/// The operators that networks of the catalogue need, with their numbers in TensorFlow Lite's schema.
extension TFLiteOperation {
  /// The activation that an operator applies to its results: `ActivationFunctionType` in the schema.
  enum Activation: Int8 {
    case none = 0
    case relu = 1
    case relu6 = 3
  }

  /// The padding of windows at the border of an image.
  enum Padding: Int8 {
    case same = 0
    case valid = 1
  }

  static func add(_ activation: Activation) -> TFLiteOperation {
    TFLiteOperation(
      code: 0, version: (1, 2), optionsKind: 11, options: [0: .choice(activation.rawValue)])
  }

  static func averagePool(
    kernel: Extent, stride: Extent, _ padding: Padding, _ activation: Activation
  ) -> TFLiteOperation {
    pool(1, kernel: kernel, stride: stride, padding, activation)
  }

  static func maxPool(kernel: Extent, stride: Extent, _ padding: Padding) -> TFLiteOperation {
    pool(17, kernel: kernel, stride: stride, padding, .none)
  }

  private static func pool(
    _ code: Int32, kernel: Extent, stride: Extent, _ padding: Padding, _ activation: Activation
  ) -> TFLiteOperation {
    TFLiteOperation(
      code: code, version: (1, 2), optionsKind: 5,
      options: [
        0: .choice(padding.rawValue), 1: .integer(Int32(stride.width)), 2: .integer(Int32(stride.height)),
        3: .integer(Int32(kernel.width)), 4: .integer(Int32(kernel.height)),
        5: .choice(activation.rawValue),
      ])
  }

  static func concatenation(axis: Int) -> TFLiteOperation {
    TFLiteOperation(
      code: 2, version: (1, 2), optionsKind: 10, options: [0: .integer(Int32(axis)), 1: .choice(0)])
  }

  static func convolution(
    stride: Extent, dilation: Extent, _ padding: Padding, _ activation: Activation
  ) -> TFLiteOperation {
    TFLiteOperation(
      code: 3, version: (1, 3), int4Version: 7, optionsKind: 1,
      options: [
        0: .choice(padding.rawValue), 1: .integer(Int32(stride.width)), 2: .integer(Int32(stride.height)),
        3: .choice(activation.rawValue), 4: .integer(Int32(dilation.width)),
        5: .integer(Int32(dilation.height)),
      ])
  }

  static func depthwiseConvolution(
    multiplier: Int, stride: Extent, dilation: Extent, _ padding: Padding, _ activation: Activation
  ) -> TFLiteOperation {
    TFLiteOperation(
      code: 4, version: (dilation == 1 ? 1 : 2, 3), int4Version: 7, optionsKind: 2,
      options: [
        0: .choice(padding.rawValue), 1: .integer(Int32(stride.width)), 2: .integer(Int32(stride.height)),
        3: .integer(Int32(multiplier)), 4: .choice(activation.rawValue), 5: .integer(Int32(dilation.width)),
        6: .integer(Int32(dilation.height)),
      ])
  }

  static func fullyConnected(_ activation: Activation) -> TFLiteOperation {
    TFLiteOperation(
      code: 9, version: (1, 4), int4Version: 10, optionsKind: 8,
      options: [0: .choice(activation.rawValue), 1: .choice(0), 2: .truth(false)])
  }

  static func multiply(_ activation: Activation) -> TFLiteOperation {
    TFLiteOperation(
      code: 18, version: (1, 2), optionsKind: 21, options: [0: .choice(activation.rawValue)])
  }

  /// The mean over some axes, which stay as extents of one.
  static let mean = TFLiteOperation(
    code: 40, version: (1, 2), optionsKind: 27, options: [0: .truth(true)])
  static let logistic = TFLiteOperation(code: 14, version: (1, 2))
  static let tanh = TFLiteOperation(code: 28, version: (1, 2))
  static let relu = TFLiteOperation(code: 19, version: (1, 2))
  static let relu6 = TFLiteOperation(code: 21, version: (1, 2))
  static let hardSwish = TFLiteOperation(code: 117, optionsKind: 91)
  static let elu = TFLiteOperation(code: 111)
  /// The larger of two numbers.
  static let maximum = TFLiteOperation(code: 55, version: (1, 2), optionsKind: 39)
  /// The smaller of two numbers.
  static let minimum = TFLiteOperation(code: 57, version: (1, 2), optionsKind: 39)
  /// A part of a tensor, by its start and its size.
  static let slice = TFLiteOperation(code: 65, version: (1, 2), optionsKind: 48)
  static let reshape = TFLiteOperation(code: 22)
  static let transpose = TFLiteOperation(code: 39, version: (1, 2), optionsKind: 26)
  static let pad = TFLiteOperation(code: 34, version: (1, 2), optionsKind: 22)
  /// Padding by a number that is the third input.
  static let padWith = TFLiteOperation(code: 60, version: (1, 2), optionsKind: 43)
  /// Other integers for the same numbers.
  static let requantize = TFLiteOperation(code: 114, version: (1, 2), optionsKind: 89)
  static let softmax = TFLiteOperation(code: 25, version: (1, 2), optionsKind: 9, options: [0: .real(1)])
  static let resizeNearest = TFLiteOperation(
    code: 97, version: (1, 2), optionsKind: 74, options: [0: .truth(false), 1: .truth(false)])

  /// Bilinear interpolation with half-pixel centres.
  static let resizeBilinear = TFLiteOperation(
    code: 23, version: (3, 3), optionsKind: 15, options: [2: .truth(false), 3: .truth(true)])
  /// TFLite Micro's operator that expands encoded constants.
  static let decode = TFLiteOperation(code: 32, customName: "TFLM_DECODE")

  static func leakyReLU(slope: Float) -> TFLiteOperation {
    TFLiteOperation(code: 98, version: (1, 2), optionsKind: 75, options: [0: .real(slope)])
  }
}
