import Foundation

/// A number with its derivatives in two directions and the mixed second derivative, exact except for
/// rounding.
///
/// The algebra has `e1² = e2² = 0` (Fike, Alonso, "The development of hyper-dual numbers", 2011).
struct HyperDual {
  var value: Double
  var first = 0.0
  var second = 0.0
  var mixed = 0.0

  init(_ value: Double, first: Double = 0, second: Double = 0) {
    self.value = value
    self.first = first
    self.second = second
  }

  /// A function of the number, from its value, slope and curvature.
  private func applying(_ value: Double, slope: Double, curvature: Double) -> HyperDual {
    var result = HyperDual(value, first: slope * first, second: slope * second)
    result.mixed = slope * mixed + curvature * first * second
    return result
  }

  var tanh: HyperDual {
    let value = Foundation.tanh(self.value)
    let slope = 1 - value * value
    return applying(value, slope: slope, curvature: -2 * value * slope)
  }

  var exp: HyperDual {
    let value = Foundation.exp(self.value)
    return applying(value, slope: value, curvature: value)
  }

  var log: HyperDual { applying(Foundation.log(value), slope: 1 / value, curvature: -1 / (value * value)) }

  static func + (a: HyperDual, b: HyperDual) -> HyperDual {
    var sum = HyperDual(a.value + b.value, first: a.first + b.first, second: a.second + b.second)
    sum.mixed = a.mixed + b.mixed
    return sum
  }

  static func - (a: HyperDual, b: HyperDual) -> HyperDual { a + HyperDual(-1) * b }

  static func * (a: HyperDual, b: HyperDual) -> HyperDual {
    var product = HyperDual(
      a.value * b.value, first: a.first * b.value + a.value * b.first,
      second: a.second * b.value + a.value * b.second)
    product.mixed = a.mixed * b.value + a.first * b.second + a.second * b.first + a.value * b.mixed
    return product
  }
}
