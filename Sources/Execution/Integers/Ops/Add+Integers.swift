import Ops

extension Add: IntegerLowering {
  /// The most values in a sum: each adds less than 2²³ to a 32-bit sum.
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
