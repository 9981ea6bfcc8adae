import Execution
import Ops
import Tensors

/// The initializer of `@_window`.
struct CWindow {
  /// In the order of the structure.
  let numbers: [Int]

  /// Makes a window.
  init(input: Shape, output: Shape, kernel: Extent, stride: Extent, padding: Extent, dilation: Extent) {
    numbers = [
      input[1], input[2], input[0], output[1], output[2], kernel.height, kernel.width, stride.height,
      stride.width, padding.height, padding.width, dilation.height, dilation.width,
    ]
  }

  /// A convolution's.
  init(_ kernel: IntegerConvolution) {
    let op = kernel.op
    self.init(
      input: kernel.input, output: kernel.output, kernel: op.kernel, stride: op.stride, padding: op.padding,
      dilation: op.dilation)
  }

  /// `{…}`.
  var initializer: String { "{\(numbers.map(String.init).joined(separator: ", "))}" }
}
