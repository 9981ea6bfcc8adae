/// The nearest integer, ties to even, for magnitudes up to 2²²; NaN stays NaN.
///
/// Adding 1.5·2²³ leaves no bits for a fraction, so the addition itself rounds. Unlike `rounded(_:)`, this
/// takes two vector instructions on every x86-64 processor.
@inline(__always)
func roundedToEven(_ x: Float) -> Float { (x + 0x1.8p23) - 0x1.8p23 }

/// The nearest integer, ties to even, for magnitudes up to 2⁵¹; NaN stays NaN.
@inline(__always)
func roundedToEven(_ x: Double) -> Double { (x + 0x1.8p52) - 0x1.8p52 }

/// `x` clamped to two bounds; NaN stays NaN.
@inline(__always)
func clamped<Real: BinaryFloatingPoint>(_ x: Real, _ lower: Real, _ upper: Real) -> Real {
  let raised = x < lower ? lower : x
  return raised > upper ? upper : raised
}
