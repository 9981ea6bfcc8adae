import Ops

extension ReLU: IntegerClamp {
  var bounds: ClosedRange<Double> { 0...Double.infinity }
  func exactValue(_ x: Double) -> Double { max(x, 0) }
}
