import Ops
import Tensors

extension Add: IntegerLowering {
  /// The most values in a sum; each adds less than 2²³ to a 32-bit sum.
  private static let maximumTerms = 128

  func integerKernel(_ frame: IntegerFrame) throws(IntegerRefusal) -> any IntegerKernel {
    guard frame.inputs.count <= Self.maximumTerms else {
      throw IntegerRefusal("it sums \(frame.inputs.count) values, more than \(Self.maximumTerms)")
    }
    let ratios = frame.inputs.indices.map { frame.ratio(of: $0) }
    guard let largest = ratios.max(), largest < 32_767 else {
      throw IntegerRefusal(
        "a step of what it reads is more than 32,767 of its own; calibrate on other images")
    }
    return IntegerAdd(
      zeros: frame.inputs.map(\.zeroPoint), ratios: ratios, outputZero: frame.output.zeroPoint,
      bounds: frame.bounds)
  }
}

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

extension TreeSum: IntegerLowering {
  func integerKernel(_ frame: IntegerFrame) throws(IntegerRefusal) -> any IntegerKernel {
    let (decisions, scores) = (frame.inputs[0], frame.inputs[1])
    let rescale = try frame.rescale(frame.ratio(of: 1), sumsWithin: Double((depth + 1) * scores.span))
    return IntegerTreeSum(
      depth: depth, classes: frame.output.shape.count, decisionZero: decisions.zeroPoint,
      scoreZero: scores.zeroPoint, rescale: rescale, outputZero: frame.output.zeroPoint, bounds: frame.bounds)
  }
}
