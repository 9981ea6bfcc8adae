public import Graphs
public import Settings

/// Values as signed integers with a scale and a zero point, one of each for the whole value.
///
/// **Formula**: `x ≈ scale · (q - zeroPoint)` and
/// `q = clamp(round(x / scale) + zeroPoint, -2^(bits-1), 2^(bits-1) - 1)`, with ties to even. Zero is exact,
/// as padding requires. NaN stays NaN, so that a diverging training is noticed.
///
/// **Paper**: Jacob et al., "Quantization and training of neural networks for efficient
/// integer-arithmetic-only inference", CVPR 2018, arXiv:1712.05877.
public struct IntegerValue: ValueEncoding, Equatable {
  /// The name in files: `integer`.
  public static let kind = "integer"

  /// The bits of an integer, 1…16; a single bit stands for -1 or 0, one of which is the zero point.
  public var bits = 8
  /// The step between two representable values.
  public var scale: Float = 1
  /// The integer that stands for zero.
  public var zeroPoint = 0

  /// Signed bytes with a scale of 1.
  public init() {}

  /// Makes an encoding; `problem` is `nil` if the numbers are valid.
  public init(bits: Int = 8, scale: Float, zeroPoint: Int) {
    self.bits = bits
    self.scale = scale
    self.zeroPoint = zeroPoint
  }

  /// The finest grid that covers a range, which is widened to contain zero.
  ///
  /// `scale = (upper - lower)/(2^bits - 1)` and `zeroPoint = round(-2^(bits-1) - lower/scale)`. Rounding the
  /// zero point may move either bound inwards by up to half a step. A range of zero alone gets the scale 1. A range that is not
  /// finite gets an encoding with a `problem`.
  public init(bits: Int, covering range: ClosedRange<Float>) {
    let lower = Double(min(range.lowerBound, 0))
    let upper = Double(max(range.upperBound, 0))
    let step = Float((upper - lower) / Double(1 << bits - 1))
    scale = step < .leastNormalMagnitude ? 1 : step
    self.bits = bits
    let least = -(1 << (bits - 1))
    let point = Double(least) - lower / Double(scale)
    zeroPoint =
      point.isNaN ? 0 : Int(clamped(point.rounded(.toNearestOrEven), Double(least), Double(-least - 1)))
  }

  /// Settings: `bits`, `scale`, `zeroPoint`.
  public static var settings: [Setting<IntegerValue>] {
    [
      Setting("bits", \.bits, in: 1...16, required: true, "bits of an integer"),
      Setting(
        "scale", \.scale, required: true, expected: "a positive number", "step between two values"
      ) { $0 >= .leastNormalMagnitude },
      Setting(
        "zeroPoint", \.zeroPoint, in: -32_768...32_767, required: true, "the integer that stands for zero"),
    ]
  }

  /// The least and the greatest integer: `-2^(bits-1)` and `2^(bits-1) - 1`.
  public var integers: ClosedRange<Int> { -(1 << (bits - 1))...(1 << (bits - 1)) - 1 }

  /// The integers less the zero point, which are multiples of the scale.
  private var steps: ClosedRange<Float> {
    Float(integers.lowerBound - zeroPoint)...Float(integers.upperBound - zeroPoint)
  }

  /// Its scale, zero point and integers.
  public var grid: ValueGrid? { ValueGrid(scale: scale, zeroPoint: zeroPoint, integers: integers) }

  /// The values of the least and the greatest integer.
  public var range: ClosedRange<Float> { steps.lowerBound * scale...steps.upperBound * scale }

  /// The reason for which bits, scale or zero point are invalid; `nil` if they are valid.
  public var problem: String? {
    guard (1...16).contains(bits) else { return "integers of \(bits) bits, expected 1…16" }
    guard scale >= .leastNormalMagnitude, (scale * Float(1 << bits)).isFinite else {
      return "a scale of \(scale), expected a positive number whose largest multiple is finite"
    }
    guard integers.contains(zeroPoint) else {
      return "a zero point of \(zeroPoint), expected \(integers.lowerBound)…\(integers.upperBound)"
    }
    return nil
  }

  /// Rounds each value to the nearest multiple of the scale within the range.
  public func project(_ values: Span<Float>, into projected: inout MutableSpan<Float>) {
    precondition(values.count == projected.count, "\(values.count) values into \(projected.count)")
    let scale = scale
    let lower = steps.lowerBound
    let upper = steps.upperBound
    for i in values.indices {
      projected[i] = roundedToEven(clamped(values[i] / scale, lower, upper)) * scale
    }
  }

  /// The integer for a value, which must not be NaN.
  public func integer(_ value: Float) -> Int {
    Int(roundedToEven(clamped(value / scale, steps.lowerBound, steps.upperBound))) + zeroPoint
  }

  /// The value of an integer.
  public func value(_ integer: Int) -> Float { Float(integer - zeroPoint) * scale }
}
