public import Graphs
public import Settings
public import Tensors

/// Which of two neighbouring numbers a weight between them becomes.
public enum LevelRounding: String, Sendable, SettingChoice {
  /// The nearer one: the border is their mean.
  case linear
  /// The one whose logarithm is nearer: the border is their geometric mean, so that large weights shrink a little more often.
  case log
}

/// Weights as numbers of a small set times a power of two: what a device computes by shifts and sums alone.
///
/// **Formula**: `w ≈ 2^exponent[c] · s · m`, s a sign, m the number of the `LevelSet` (or zero) that |w| is rounded to, c the index on
/// axis 0, or one exponent for the whole tensor. With one term of 4 bits m is one of 0, 1, 2, 4, … 64. A magnitude on the
/// border of two numbers takes the larger; the border above zero is half of the smallest number, in the domain of logarithms
/// 1/√2 of it.
///
/// **Gradient**: straight through (Bengio et al. 2013, arXiv:1308.3432), zero where the master lies further beyond the largest
/// number than the border between it and the one below lies before it. Masters are not replaced by their projections.
///
/// **Size**: `LevelSet.bits` an element, and a byte for each exponent.
///
/// **Paper**: Tann, Hashemi, Bahar, Reda, "Hardware-software codesign of accurate, multiplier-free deep neural networks", DAC 2017,
/// arXiv:1705.04288.
public struct PowersOfTwo: Encoding {
  public static let kind = "powers-of-two"

  /// The numbers.
  public let levels: LevelSet
  /// How a weight between two numbers is rounded.
  public let rounding: LevelRounding
  /// The exponents of scales: one for each output channel (axis 0), or a single one.
  public let exponents: [Int]
  /// The borders between neighbouring numbers in steps of the scale, ascending, and by how much each raises the number.
  private let borders: [(border: Float, rise: Float)]
  /// How far from zero gradients reach, in steps of the scale.
  private let reach: Float

  /// Exponents whose scales and multiples are normal floats.
  public static let exponentRange = -126...120

  /// Makes an encoding; exponents must lie in `exponentRange`, and there must be one at least.
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

  public static func == (a: PowersOfTwo, b: PowersOfTwo) -> Bool {
    a.levels == b.levels && a.rounding == b.rounding && a.exponents == b.exponents
  }

  /// The scales, one for each exponent.
  public var scales: [Float] { exponents.map(Self.scale) }
  /// The signed bytes that the numbers are a subset of.
  public var grid: Integer { Integer(bits: 8, scales: scales) }
  /// Two to the power of an exponent.
  static func scale(_ exponent: Int) -> Float { Float(sign: .plus, exponent: exponent, significand: 1) }

  public var bits: Int { levels.bits }
  public var keepsProjectedMasters: Bool { false }
  public func nonZeroCount(_ values: Span<Float>) -> Int { values.count }

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
      // NaN stays NaN, so that a diverging training is seen; zero has no sign.
      values[i] = value == value ? (value < 0 ? 0 - number : number) * scale : value
    }
  }

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

  public func sliced(_ kept: [Int: [Int]], shape: Shape) -> PowersOfTwo {
    guard exponents.count > 1, let channels = kept[0] else { return self }
    return PowersOfTwo(levels: levels, rounding: rounding, exponents: channels.map { exponents[$0] })
  }

  /// Channels of other sizes need other exponents.
  public func afterChannelScaling() -> any Encoding { Dense() }
}
