import Encodings
import Graphs

/// The values and parameters from which an op makes its integer kernel.
struct IntegerFrame {
  /// The values that are read.
  let inputs: [IntegerProgram.Value]
  /// The value that is written, which is that of a fused clamp if there is one.
  let output: IntegerProgram.Value
  /// The least and the greatest integer that is written, narrowed by a fused clamp.
  let bounds: ClosedRange<Int32>
  /// The op's parameters by role.
  let parameters: [ParameterRole: Parameter]

  /// The scale of an input divided by that of the output.
  func ratio(of input: Int = 0) -> Double { Double(inputs[input].scale) / Double(output.scale) }

  /// A multiplication by a ratio, for sums of at most `largest` in magnitude.
  ///
  /// Refuses sums that could leave ±2³⁰ before or after it, so that no kernel needs more than 32 bits for
  /// either.
  func rescale(_ ratio: Double, sumsWithin largest: Double) throws(IntegerRefusal) -> Rescale {
    guard largest <= Rescale.largestSum else {
      throw IntegerRefusal("its sums may reach \(Self.words(largest)), beyond 2^30; use fewer inputs")
    }
    guard largest * ratio <= Rescale.largestSum else {
      throw IntegerRefusal(
        "its outputs may reach \(Self.words(largest * ratio)) steps of \(output.scale), beyond 2^30; calibrate on other images"
      )
    }
    return Rescale(ratio)
  }

  private static func words(_ number: Double) -> String {
    number < 1e15 ? "\(Int(number))" : "\(number)"
  }
}

extension IntegerProgram.Value {
  /// The largest distance between an integer and a zero point: 255 for eight bits.
  var span: Int { Int(bounds.upperBound - bounds.lowerBound) }

  /// The integer for a number: rounded half to even in double precision, then clamped.
  func integer(_ number: Double) -> Int32 {
    let steps = (number / Double(scale)).rounded(.toNearestOrEven) + Double(zeroPoint)
    return Int32(min(max(steps, Double(bounds.lowerBound)), Double(bounds.upperBound)))
  }

  /// The number for an integer.
  func number(_ integer: Int32) -> Double { Double(scale) * Double(integer - zeroPoint) }
}
