import Ops

extension ChannelShuffle: IntegerLowering {
  func integerKernel(_ frame: IntegerFrame) throws(IntegerRefusal) -> any IntegerKernel {
    IntegerChannelShuffle(shape: frame.inputs[0].shape, groups: groups)
  }
}
