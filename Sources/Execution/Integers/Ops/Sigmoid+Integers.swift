import Foundation
import Ops

extension Sigmoid: IntegerTabulated {
  func exactValue(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
}
