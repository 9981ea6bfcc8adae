public import Graphs

/// The sum of two or more values of different scales, rounded once.
///
/// **Formula**: `y = clamp(zero_y + (Σ_k multiplier_k · (x_k - zero_k) + 2^(shift-1)) >> shift)` with
/// `multiplier_k / 2^shift ≈ scale_k / scale_y` and one shift for all inputs, with which the largest
/// multiplier has 15 bits.
public struct IntegerAdd: IntegerKernel {
  /// The name in listings: `add`.
  public static let kind = "add"

  /// One of the values of the sum.
  public struct Term: Sendable, Equatable {
    /// The integer for zero.
    public let zero: Int32
    /// The factor of the value, 0…32,767.
    public let multiplier: Int32
  }

  /// The values of the sum, in order.
  public let terms: [Term]
  /// The number of bits that are dropped after the sum, 0…30.
  public let shift: Int32
  /// The integer for zero in the output.
  public let outputZero: Int32
  /// The least and the greatest output.
  public let bounds: ClosedRange<Int32>

  /// Makes a kernel; each ratio is input scale / output scale.
  public init(zeros: [Int32], ratios: [Double], outputZero: Int32, bounds: ClosedRange<Int32>) {
    let shift = min(Rescale(ratios.max() ?? 0).shift, 30)
    let factor = Double(1 << shift)
    terms = zip(zeros, ratios).map { zero, ratio in
      Term(zero: zero, multiplier: Int32(min((ratio * factor).rounded(.toNearestOrEven), 32_767)))
    }
    self.shift = shift
    self.outputZero = outputZero
    self.bounds = bounds
  }

  /// The output may lie over an input.
  public var placement: OutputPlacement { .inPlace }

  /// Adds the weighted terms and half a step, then shifts.
  public func forward(_ inputs: [[Int8]]) -> [Int8] {
    inputs[0].indices.map { i in
      var sum: Int32 = shift > 0 ? 1 << (shift - 1) : 0
      for (term, input) in zip(terms, inputs) { sum += term.multiplier * (Int32(input[i]) - term.zero) }
      return Int8(min(max(outputZero + sum >> shift, bounds.lowerBound), bounds.upperBound))
    }
  }
}
