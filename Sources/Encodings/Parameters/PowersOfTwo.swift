public import Graphs
public import Settings
public import Tensors

/// The choice between two neighbouring numbers for a weight that lies between them.
public enum LevelRounding: String, Sendable, SettingChoice {
  /// The nearer number: the border is their mean.
  case linear
  /// The number whose logarithm is nearer.
  ///
  /// The border is their geometric mean, so that large weights shrink a little more often.
  case log
}

/// Weights as numbers of a small set times a power of two, which a device multiplies by with shifts and sums.
///
/// **Formula**: `w ≈ 2^exponent[c] · s · m`, where s is a sign, m the number of the `LevelSet` (or zero) to
/// which |w| is rounded, and c the index on axis 0; one exponent may serve the whole tensor. With one term of
/// 4 bits, m is one of 0, 1, 2, 4, … 64. A magnitude on the border of two numbers takes the larger. The
/// border above zero is half of the smallest number, or 1/√2 of it with logarithms.
///
/// **Gradient**: straight through (Bengio et al., 2013, arXiv:1308.3432). It is zero where the master lies
/// too far beyond the largest number: further than the border below that number lies before it. Masters are
/// not replaced by their projections.
///
/// **Size**: `LevelSet.bits` for each element, and a byte for each exponent.
///
/// **Paper**: Tann, Hashemi, Bahar, Reda, "Hardware-software codesign of accurate, multiplier-free deep
/// neural networks", DAC 2017, arXiv:1705.04288.
public struct PowersOfTwo: Encoding {
  /// The name in files: `powers-of-two`.
  public static let kind = "powers-of-two"

  /// The set of numbers.
  public let levels: LevelSet
  /// The rounding of a weight between two numbers.
  public let rounding: LevelRounding
  /// The exponents of scales: one for each output channel (axis 0), or a single one.
  public let exponents: [Int]
  /// The borders between neighbouring numbers in steps of the scale, ascending, and the rise of the number at
  /// each.
  private let borders: [(border: Float, rise: Float)]
  /// The distance from zero up to which masters get gradients, in steps of the scale.
  private let reach: Float

  /// The exponents for which scales and their multiples are normal floats.
  public static let exponentRange = -126...120

  /// Makes an encoding of at least one exponent; all must lie in `exponentRange`.
  public init(levels: LevelSet, rounding: LevelRounding = .linear, exponents: [Int]) {
    precondition(!exponents.isEmpty && exponents.allSatisfy(Self.exponentRange.contains), "\(exponents)")
    self.levels = levels
    self.rounding = rounding
    self.exponents = exponents
    let magnitudes = levels.magnitudes.map(Float.init)
    func middle(_ a: Float, _ b: Float) -> Float {
      rounding == .linear ? (a + b) / 2 : (a * b).squareRoot()
    }
    borders = zip([0] + magnitudes, magnitudes).map { lower, upper in
      (
        lower > 0 ? middle(lower, upper) : middle(upper / 2, rounding == .linear ? upper / 2 : upper),
        upper - lower
      )
    }
    let top = magnitudes[magnitudes.count - 1]
    let below = magnitudes.count > 1 ? magnitudes[magnitudes.count - 2] : top / 2
    reach = rounding == .linear ? top + (top - below) / 2 : top * (top / below).squareRoot()
  }

  /// Equal if numbers, rounding and exponents are.
  public static func == (a: PowersOfTwo, b: PowersOfTwo) -> Bool {
    a.levels == b.levels && a.rounding == b.rounding && a.exponents == b.exponents
  }

  /// The scales, one for each exponent.
  public var scales: [Float] { exponents.map(Self.scale) }
  /// The signed bytes with the same scales, which include all numbers.
  public var grid: Integer { Integer(bits: 8, scales: scales) }
  /// Two to the power of an exponent.
  static func scale(_ exponent: Int) -> Float { Float(sign: .plus, exponent: exponent, significand: 1) }

  /// The bits of a symbol of the set.
  public var bits: Int { levels.bits }
  /// False: small updates must add up between two numbers.
  public var keepsProjectedMasters: Bool { false }
  /// All elements, as no number is zero by construction.
  public func nonZeroCount(_ values: Span<Float>) -> Int { values.count }

  /// Rounds each element to a number of the set times the scale of its channel.
  public func project(_ values: inout MutableSpan<Float>, shape: Shape) {
    let width = rowWidth(values.count, shape)
    for (channel, exponent) in exponents.enumerated() {
      project(&values, (channel * width)..<((channel + 1) * width), Self.scale(exponent))
    }
  }

  private func project(_ values: inout MutableSpan<Float>, _ row: Range<Int>, _ scale: Float) {
    precondition(row.lowerBound >= 0 && row.upperBound <= values.count)
    let inverse = 1 / scale
    for i in row {
      let value = values[i]
      let magnitude = value.magnitude * inverse
      var number: Float = 0
      for (border, rise) in borders { number += magnitude >= border ? rise : 0 }
      // NaN stays NaN, so that a diverging training is noticed; zero has no sign.
      values[i] = value == value ? (value < 0 ? 0 - number : number) * scale : value
    }
  }

  /// Passes gradients straight through, and stops them for masters beyond the largest number.
  public func backward(_ gradient: inout MutableSpan<Float>, masters: Span<Float>, shape: Shape) {
    let width = rowWidth(gradient.count, shape)
    for (channel, exponent) in exponents.enumerated() {
      let bound = reach * Self.scale(exponent)
      for i in (channel * width)..<((channel + 1) * width) {
        gradient[i] = masters[i].magnitude <= bound ? gradient[i] : 0
      }
    }
  }

  private func rowWidth(_ count: Int, _ shape: Shape) -> Int {
    precondition(
      exponents.count == 1 || exponents.count == shape[0],
      "\(exponents.count) exponents for a tensor of \(shape)")
    return count / exponents.count
  }

  /// The exponents of the channels that are kept.
  public func sliced(_ kept: [Int: [Int]], shape: Shape) -> PowersOfTwo {
    guard exponents.count > 1, let channels = kept[0] else { return self }
    return PowersOfTwo(levels: levels, rounding: rounding, exponents: channels.map { exponents[$0] })
  }

  /// Dense: channels that are scaled need other exponents.
  public func afterChannelScaling() -> any Encoding { Dense() }
}
