import Ops

extension Reshape: IntegerLowering {
  func integerKernel(_ frame: IntegerFrame) throws(IntegerRefusal) -> any IntegerKernel { IntegerReshape() }
}
