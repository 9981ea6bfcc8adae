import Ops

extension LeakyReLU: IntegerTabulated {
  func exactValue(_ x: Double) -> Double { x > 0 ? x : Double(slope) * x }
}
