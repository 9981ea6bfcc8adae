import Ops

extension Conv2D: IntegerLowering {
  func integerKernel(_ frame: IntegerFrame) throws(IntegerRefusal) -> any IntegerKernel {
    IntegerConvolution(
      input: frame.inputs[0].shape, output: frame.output.shape, op: self, products: try frame.products())
  }
}
