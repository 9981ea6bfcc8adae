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
