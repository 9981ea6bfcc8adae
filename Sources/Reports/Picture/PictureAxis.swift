import Foundation

/// An axis with its range and its ticks.
struct PictureAxis: Equatable, Sendable {
  let isLogarithmic: Bool
  private let low: Double
  private let high: Double
  /// The values with a tick, ascending.
  let ticks: [Double]

  /// The least ratio of the largest to the smallest value for a logarithmic scale.
  private static let wideSpan = 8.0

  /// Makes an axis over positive values, with room at both ends.
  ///
  /// - Parameters:
  ///   - values: the values on the axis.
  ///   - length: the length of the axis in units of the picture.
  ///   - gap: the least distance of two ticks.
  init(over values: [Double], length: Double, gap: Double) {
    let (least, most) = (values.min() ?? 1, values.max() ?? 1)
    isLogarithmic = least > 0 && most >= Self.wideSpan * least
    if isLogarithmic {
      let margin = 0.06 * log10(most / least)
      (low, high) = (log10(least) - margin, log10(most) + margin)
      ticks = Self.decades(low, high, gap: gap * (high - low) / length)
    } else {
      let margin = most > least ? 0.06 * (most - least) : 0.1 * most
      (low, high) = (max(0, least - margin), most + margin)
      ticks = Self.steps(low, high, gap: gap * (high - low) / length)
    }
  }

  /// Makes an axis of accuracies in percent, with room at both ends; all ticks are in 0…100.
  init(percent values: [Double], length: Double, gap: Double) {
    let (least, most) = (values.min() ?? 0, values.max() ?? 100)
    let margin = max(0.08 * (most - least), 0.25)
    isLogarithmic = false
    (low, high) = (least - margin, most + margin)
    ticks = Self.steps(low, high, gap: gap * (high - low) / length).filter { (0...100).contains($0) }
  }

  /// The position of a value: 0 at the low end, 1 at the high end.
  func share(_ value: Double) -> Double {
    ((isLogarithmic ? log10(value) : value) - low) / (high - low)
  }

  /// Ticks at round digits of each power of ten: the densest set that keeps the distance, which is in powers
  /// of ten.
  private static func decades(_ low: Double, _ high: Double, gap: Double) -> [Double] {
    let powers = Int(low.rounded(.down))...Int(high.rounded(.up))
    for digits in [[1, 1.5, 2, 3, 4, 5, 7], [1, 2, 5], [1, 3], [1]] {
      let ticks = powers.flatMap { power in digits.map { $0 * pow(10, Double(power)) } }
        .filter { (low...high).contains(log10($0)) }
      let gaps = zip(ticks, ticks.dropFirst()).map { log10($1 / $0) }
      if ticks.count > 1, gaps.allSatisfy({ $0 >= gap }) { return ticks }
    }
    let stride = max(1, Int(gap.rounded(.up)))
    return powers.filter { $0 % stride == 0 }.map { pow(10, Double($0)) }
      .filter { (low...high).contains(log10($0)) }
  }

  /// Multiples of 1, 2 or 5 times a power of ten that keep the distance.
  private static func steps(_ low: Double, _ high: Double, gap: Double) -> [Double] {
    let power = pow(10, log10(gap).rounded(.down))
    let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= gap } ?? 10 * power
    let first = Int((low / step).rounded(.up))
    let last = max(first, Int((high / step).rounded(.down)))
    return (first...last).map { Double($0) * step }
  }
}
