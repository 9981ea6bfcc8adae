import Ops
import Tensors

extension Linear: IntegerLowering {
  func integerKernel(_ frame: IntegerFrame) throws(IntegerRefusal) -> any IntegerKernel {
    IntegerLinear(inputs: frame.inputs[0].shape.count, outputs: features, products: try frame.products())
  }
}
