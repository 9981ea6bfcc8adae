import Ops

extension ReLU6: IntegerClamp {
  var bounds: ClosedRange<Double> { 0...6 }
  func exactValue(_ x: Double) -> Double { min(max(x, 0), 6) }
}
