import Ops

extension HardSwish: IntegerTabulated {
  func exactValue(_ x: Double) -> Double { x * min(max(x + 3, 0), 6) / 6 }
}
