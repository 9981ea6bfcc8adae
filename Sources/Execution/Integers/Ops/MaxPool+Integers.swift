import Ops

extension MaxPool: IntegerLowering {
  func integerKernel(_ frame: IntegerFrame) throws(IntegerRefusal) -> any IntegerKernel {
    IntegerMaxPool(
      input: frame.inputs[0].shape, output: frame.output.shape, kernel: window.kernel, stride: window.stride,
      padding: window.padding)
  }
}
