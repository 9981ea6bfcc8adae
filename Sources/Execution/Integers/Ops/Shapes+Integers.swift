import Ops

extension Flatten: IntegerLowering {
  func integerKernel(_ frame: IntegerFrame) throws(IntegerRefusal) -> any IntegerKernel { IntegerReshape() }
}

extension Reshape: IntegerLowering {
  func integerKernel(_ frame: IntegerFrame) throws(IntegerRefusal) -> any IntegerKernel { IntegerReshape() }
}

extension ChannelShuffle: IntegerLowering {
  func integerKernel(_ frame: IntegerFrame) throws(IntegerRefusal) -> any IntegerKernel {
    IntegerChannelShuffle(shape: frame.inputs[0].shape, groups: groups)
  }
}

extension AnchorRows: IntegerLowering {
  func integerKernel(_ frame: IntegerFrame) throws(IntegerRefusal) -> any IntegerKernel {
    IntegerPixelRows(shape: frame.inputs[0].shape)
  }
}

extension ChannelSlice: IntegerLowering {
  func integerKernel(_ frame: IntegerFrame) throws(IntegerRefusal) -> any IntegerKernel {
    IntegerChannelSlice(shape: frame.inputs[0].shape, start: start, count: count)
  }
}

extension Upsample: IntegerLowering {
  func integerKernel(_ frame: IntegerFrame) throws(IntegerRefusal) -> any IntegerKernel {
    let input = frame.inputs[0]
    guard mode == .bilinear else { return IntegerUpsample(input: input.shape, factor: factor) }
    let parts = Double(4 * factor * factor)
    let rescale = try frame.rescale(frame.ratio() / parts, sumsWithin: parts * Double(input.span))
    return IntegerInterpolation(
      input: input.shape, factor: factor, inputZero: input.zeroPoint, rescale: rescale,
      outputZero: frame.output.zeroPoint, bounds: frame.bounds)
  }
}
