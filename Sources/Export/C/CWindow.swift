import Execution
import Ops
import Tensors

/// The C initializer of the structure `NAME_window`.
struct CWindow {
  /// The numbers in the order of the structure.
  let numbers: [Int]

  /// Makes a window.
  init(input: Shape, output: Shape, kernel: Extent, stride: Extent, padding: Extent, dilation: Extent) {
    numbers = [
      input[1], input[2], input[0], output[1], output[2], kernel.height, kernel.width, stride.height,
      stride.width, padding.height, padding.width, dilation.height, dilation.width,
    ]
  }

  /// The window of a convolution.
  init(_ kernel: IntegerConvolution) {
    let op = kernel.op
    self.init(
      input: kernel.input, output: kernel.output, kernel: op.kernel, stride: op.stride, padding: op.padding,
      dilation: op.dilation)
  }

  /// The initializer `{…}`.
  var initializer: String { "{\(numbers.map(String.init).joined(separator: ", "))}" }
}
