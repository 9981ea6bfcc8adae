import Ops

extension Multiply: IntegerLowering {
  func integerKernel(_ frame: IntegerFrame) throws(IntegerRefusal) -> any IntegerKernel {
    let (input, factor) = (frame.inputs[0], frame.inputs[1])
    let rescale = try frame.rescale(
      frame.ratio() * Double(factor.scale), sumsWithin: Double(input.span * factor.span))
    return IntegerMultiply(
      input: input.shape, factor: factor.shape, inputZero: input.zeroPoint, factorZero: factor.zeroPoint,
      rescale: rescale, outputZero: frame.output.zeroPoint, bounds: frame.bounds)
  }
}
