import Ops
import Tensors

extension GlobalAveragePool: IntegerLowering {
  /// One window of the whole image.
  func integerKernel(_ frame: IntegerFrame) throws(IntegerRefusal) -> any IntegerKernel {
    let shape = frame.inputs[0].shape
    return try frame.averagePool(Window(kernel: Extent(shape[1], shape[2])), countsPadding: false)
  }
}
