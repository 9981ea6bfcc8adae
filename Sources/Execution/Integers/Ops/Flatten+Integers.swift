import Ops

extension Flatten: IntegerLowering {
  func integerKernel(_ frame: IntegerFrame) throws(IntegerRefusal) -> any IntegerKernel { IntegerReshape() }
}
