import Foundation
import Ops

/// An activation as a table of 256 outputs, computed once in double precision and rounded half to even.
protocol IntegerTabulated: IntegerLowering {
  /// `f(x)` in double precision.
  func exactValue(_ x: Double) -> Double
}

extension IntegerTabulated {
  func integerKernel(_ frame: IntegerFrame) throws(IntegerRefusal) -> any IntegerKernel {
    IntegerTable(
      table: (Int32(-128)...127).map { x in
        let integer = frame.output.integer(exactValue(frame.inputs[0].number(x)))
        return Int8(min(max(integer, frame.bounds.lowerBound), frame.bounds.upperBound))
      })
  }
}

extension ReLU: IntegerClamp {
  var bounds: ClosedRange<Double> { 0...Double.infinity }
  func exactValue(_ x: Double) -> Double { max(x, 0) }
}

extension ReLU6: IntegerClamp {
  var bounds: ClosedRange<Double> { 0...6 }
  func exactValue(_ x: Double) -> Double { min(max(x, 0), 6) }
}

extension HardSwish: IntegerTabulated {
  func exactValue(_ x: Double) -> Double { x * min(max(x + 3, 0), 6) / 6 }
}

extension HardSigmoid: IntegerTabulated {
  func exactValue(_ x: Double) -> Double { min(max(Double(slope) * x + Double(offset), 0), 1) }
}

extension Clamp: IntegerTabulated {
  func exactValue(_ x: Double) -> Double { min(max(x, -Double(below)), Double(above)) }
}

extension ELU: IntegerTabulated {
  func exactValue(_ x: Double) -> Double { Double(scale) * (x > 0 ? x : Double(alpha) * expm1(x)) }
}

extension GELU: IntegerTabulated {}

extension LeakyReLU: IntegerTabulated {
  func exactValue(_ x: Double) -> Double { x > 0 ? x : Double(slope) * x }
}

extension Sigmoid: IntegerTabulated {
  func exactValue(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
}

extension Tanh: IntegerTabulated {
  func exactValue(_ x: Double) -> Double { tanh(x) }
}

extension Softmax: IntegerHostOp {}
