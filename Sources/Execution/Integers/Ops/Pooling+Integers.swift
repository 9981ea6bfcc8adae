import Ops
import Tensors

extension MaxPool: IntegerLowering {
  func integerKernel(_ frame: IntegerFrame) throws(IntegerRefusal) -> any IntegerKernel {
    IntegerMaxPool(
      input: frame.inputs[0].shape, output: frame.output.shape, kernel: window.kernel, stride: window.stride,
      padding: window.padding)
  }
}

extension AveragePool: IntegerLowering {
  func integerKernel(_ frame: IntegerFrame) throws(IntegerRefusal) -> any IntegerKernel {
    try frame.averagePool(window, countsPadding: countsPadding)
  }
}

extension IntegerFrame {
  /// The kernel of average pooling; refuses windows whose sums are too large.
  func averagePool(_ window: Window, countsPadding: Bool) throws(IntegerRefusal) -> IntegerAveragePool {
    let count = window.kernel.count
    _ = try rescale(ratio() / Double(count), sumsWithin: Double(count) * Double(inputs[0].span))
    _ = try rescale(ratio(), sumsWithin: Double(inputs[0].span))
    return IntegerAveragePool(
      input: inputs[0].shape, output: output.shape, kernel: window.kernel, stride: window.stride,
      padding: window.padding, countsPadding: countsPadding, inputZero: inputs[0].zeroPoint, ratio: ratio(),
      outputZero: output.zeroPoint, bounds: bounds)
  }
}

extension GlobalAveragePool: IntegerLowering {
  /// Makes one window of the whole image.
  func integerKernel(_ frame: IntegerFrame) throws(IntegerRefusal) -> any IntegerKernel {
    let shape = frame.inputs[0].shape
    return try frame.averagePool(Window(kernel: Extent(shape[1], shape[2])), countsPadding: false)
  }
}
