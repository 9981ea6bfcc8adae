import Ops
import Tensors

extension Concat: IntegerLowering {
  func integerKernel(_ frame: IntegerFrame) throws(IntegerRefusal) -> any IntegerKernel {
    var parts: [IntegerConcat.Part] = []
    for (index, input) in frame.inputs.enumerated() {
      let rescale = try frame.rescale(frame.ratio(of: index), sumsWithin: Double(input.span))
      let isCopied =
        input.scale == frame.output.scale && input.zeroPoint == frame.output.zeroPoint
        && input.bounds.clamped(to: frame.bounds) == input.bounds
      parts.append(
        IntegerConcat.Part(count: input.shape.count, zero: input.zeroPoint, rescale: isCopied ? nil : rescale)
      )
    }
    return IntegerConcat(parts: parts, outputZero: frame.output.zeroPoint, bounds: frame.bounds)
  }
}
