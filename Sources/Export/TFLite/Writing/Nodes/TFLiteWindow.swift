import Graphs
import Ops
import Tensors

/// The padding of the windows of a convolution or pooling.
struct TFLiteWindow {
  /// The numbers outside an image.
  enum Outside {
    /// Zeros.
    case zero
    /// Numbers less than all others.
    case least
  }

  /// The operator's own padding, after the padding that `padded` adds.
  let mode: TFLiteOperation.Padding
  private let shape: Shape
  private let window: Window
  private let needsPadding: Bool

  init(input: Shape, _ window: Window) {
    shape = input
    self.window = window
    let (kernel, stride, dilation) = (window.kernel, window.stride, window.dilation)
    let (before, after) = (window.padding, window.endPadding)
    let isSame =
      Self.isSame(input[2], kernel.height, stride.height, before.height, after.height, dilation.height)
      && Self.isSame(input[3], kernel.width, stride.width, before.width, after.width, dilation.width)
    needsPadding = window.isPadded && !isSame
    mode = window.isPadded && isSame ? .same : .valid
  }

  /// True if TensorFlow's "same" has the same padding before the image and the same number of windows.
  private static func isSame(
    _ input: Int, _ kernel: Int, _ stride: Int, _ before: Int, _ after: Int, _ dilation: Int
  ) -> Bool {
    let reach = dilation * (kernel - 1) + 1
    let windows = (input + before + after - reach) / stride + 1
    let same = (input + stride - 1) / stride
    return windows == same && max((same - 1) * stride + reach - input, 0) / 2 == before
  }

  /// The tensor of a value, padded by a separate operator where the window's operator cannot do so.
  func padded(_ value: String, by outside: Outside, in builder: inout TFLiteBuilder) -> Int32 {
    needsPadding ? paddedAlways(value, by: outside, in: &builder) : builder.tensor(value)
  }

  /// The tensor of a value, padded by a separate operator.
  func paddedAlways(
    _ value: String, by outside: Outside = .zero, in builder: inout TFLiteBuilder
  ) -> Int32 {
    let tensor = builder.tensor(value)
    let (top, left) = (Int32(window.padding.height), Int32(window.padding.width))
    let (bottom, right) = (Int32(window.endPadding.height), Int32(window.endPadding.width))
    let sides = builder.constant(
      integers: [0, 0, top, bottom, left, right, 0, 0], shape: [4, 2], name: "\(value).padding")
    var extents = TFLiteBuilder.shape(shape)
    extents[1] += top + bottom
    extents[2] += left + right
    let quantization = builder.quantization(of: value)
    let result = builder.temporary("\(value).padded", extents, quantization)
    switch outside {
    case .zero: builder.call(.pad, [tensor, sides], to: result)
    case .least:
      let least =
        quantization.map { builder.constant([Int8.min], shape: [1], name: "\(value).least", $0) }
        ?? builder.constant(reals: [-Float.greatestFiniteMagnitude], shape: [1], name: "\(value).least")
      builder.call(.padWith, [tensor, sides, least], to: result)
    }
    return result
  }
}
