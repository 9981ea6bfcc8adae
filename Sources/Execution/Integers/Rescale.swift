/// Multiplication of a sum by a positive ratio, in integers, rounded once.
///
/// **Formula**: `(sum · multiplier + 2^(shift-1)) >> shift`, the floor of a division by `2^shift`, so that
/// halves are rounded up. `ratio ≈ multiplier / 2^shift` has 15 bits, so it is off by at most one part in
/// 32,768. At the far end of eight bits that is less than a hundredth of a step.
///
/// **Ranges**: sums lie within ±2³⁰, which `IntegerProgram` proves for every layer. Fifteen bits are enough
/// for a result of eight, and make the product cheap everywhere. `(sum · multiplier) >> 16` is one
/// instruction on a Cortex-M4 (SMULWB), and two 16-bit multiplications where there is no 64-bit product. Two
/// shifts that round down give the same as one.
public struct Rescale: Sendable, Hashable {
  /// The largest shift, at which every sum becomes 0.
  public static let maximumShift: Int32 = 46
  /// The largest magnitude of a sum before and after rescaling, 2³⁰; programs refuse larger ones.
  public static let largestSum = 0x1p30

  /// The leading bits of the ratio, 0…32,767; at least 16,384 unless the shift is at one of its bounds.
  public let multiplier: Int32
  /// The number of bits that are dropped after the multiplication, 0…46.
  public let shift: Int32

  /// Makes the nearest ratio that can be represented.
  ///
  /// Ratios of 2¹⁵ and more become the largest one, as any sum then leaves eight bits.
  public init(_ ratio: Double) {
    precondition(ratio >= 0 && ratio.isFinite, "a ratio of \(ratio)")
    guard ratio > 0 else {
      multiplier = 0
      shift = Self.maximumShift
      return
    }
    var shift = min(max(14 - Int32(clamping: ratio.exponent), 0), Self.maximumShift)
    var scaled = (ratio * Double(sign: .plus, exponent: Int(shift), significand: 1)).rounded(.toNearestOrEven)
    if scaled >= 32_768, shift > 0 {
      shift -= 1
      scaled = (ratio * Double(sign: .plus, exponent: Int(shift), significand: 1)).rounded(.toNearestOrEven)
    }
    multiplier = Int32(min(scaled, 32_767))
    self.shift = shift
  }

  /// The rescaled sum, computed exactly in 64 bits and clamped to 32.
  public func callAsFunction(_ sum: Int32) -> Int32 {
    let product = Int64(sum) * Int64(multiplier)
    guard shift > 0 else { return Int32(clamping: product) }
    return Int32(clamping: (product + 1 << (shift - 1)) >> shift)
  }
}
