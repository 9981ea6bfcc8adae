import Foundation
import Metrics
import Readings

/// Formats figures and names for the sentences of a ranking.
enum Words {
  /// A rate: `97.12 %`.
  static func percent(_ rate: Double) -> String { String(format: "%.2f %%", 100 * rate) }

  /// A mean with its interval: `97.12 % (96.80 to 97.40)`.
  static func interval(_ accuracy: Ranking.Row.Accuracy) -> String {
    percent(accuracy.mean) + String(format: " (%.2f to %.2f)", 100 * accuracy.low, 100 * accuracy.high)
  }

  /// A difference: `0.40 points (-0.10 to 0.90), p = 0.012`.
  static func difference(_ comparison: Ranking.Comparison) -> String {
    String(
      format: "%.2f points (%.2f to %.2f)", 100 * comparison.mean, 100 * comparison.low, 100 * comparison.high
    )
      + (comparison.pValue.map { ", p " + pValue($0) } ?? "")
  }

  /// A p-value with its relation: `= 0.012` or `< 0.0001`.
  static func pValue(_ value: Double) -> String {
    value < 0.0001 ? "< 0.0001" : "= " + String(format: value < 0.01 ? "%.4f" : "%.3f", value)
  }

  /// A size in decimal units: `812 B`, `12.0 kB`, `1.25 MB`.
  static func bytes(_ count: Int) -> String {
    switch count {
    case ..<10_000: "\(count) B"
    case ..<1_000_000: String(format: "%.1f kB", Double(count) / 1000)
    default: String(format: "%.2f MB", Double(count) / 1_000_000)
    }
  }

  /// The row's name, with `(a control)` behind a control's.
  static func name(_ row: Ranking.Row) -> String {
    row.role == TrialRole.control.rawValue ? row.name + " (a control)" : row.name
  }

  /// A row with its accuracy and its figures on a target, in one line.
  static func line(_ row: Ranking.Row, _ reading: Reading) -> String {
    let resources = reading.resources.filter { $0.standing != .detail }
    return "\(name(row)): \(interval(row.accuracy)), \(amounts(resources, of: reading)) (\(reading.basis))"
  }

  /// The given figures of a reading: `flash 12.0 kB, 139.5 ms`.
  private static func amounts(_ resources: [Resource], of reading: Reading) -> String {
    resources.compactMap { resource in reading[resource].map { amount($0.value, of: resource) } }
      .joined(separator: ", ")
  }

  /// An amount with its unit, after the resource's title where the unit alone does not identify the resource.
  static func amount(_ value: Double, of resource: Resource) -> String {
    switch resource.unit {
    case .bytes: "\(resource.title) \(bytes(Int(max(-1e18, min(value, 1e18)))))"
    case .milliseconds, .microjoules: scaled(value, of: resource.unit)
    default: "\(resource.title) \(scaled(value, of: resource.unit))"
    }
  }

  /// Four digits and a unit with a fitting prefix; all digits of a count that has no unit.
  private static func scaled(_ value: Double, of unit: Resource.Unit) -> String {
    guard let sign = unit.sign else { return String(format: "%.0f", value) }
    return scaled(value * sign.factor, sign.text)
  }

  /// A duration: `45 s`, `12 min`, `3.5 h`.
  static func duration(_ seconds: Double) -> String {
    switch seconds {
    case ..<90: String(format: "%.0f s", seconds)
    case ..<5400: String(format: "%.0f min", seconds / 60)
    default: String(format: "%.1f h", seconds / 3600)
    }
  }

  /// A margin: `1 point`, `0.5 points`.
  static func margin(_ margin: Double) -> String {
    let points = String(format: "%g", (1e6 * margin).rounded() / 1e4)
    return points + (points == "1" ? " point" : " points")
  }

  /// A difference from the teacher: `0.40 points below the teacher`.
  static func against(_ difference: Double) -> String {
    let points = String(format: "%.2f points", 100 * abs(difference))
    if points == "0.00 points" { return "as accurate as the teacher" }
    return points + (difference < 0 ? " below the teacher" : " above the teacher")
  }

  /// A one-sided bound of a difference: `at most 0.82 points below it`.
  static func bound(_ bound: Double, on metric: MetricKind) -> String {
    let (worse, better) = metric.isHigherBetter ? ("below", "above") : ("above", "below")
    let side = bound < 0 ? "at most %.2f points \(worse) it" : "at least %.2f points \(better) it"
    return String(format: side, 100 * abs(bound))
  }

  /// Four digits and a unit with a fitting prefix: `139.5 ms`, `5.859 mJ`.
  private static func scaled(_ value: Double, _ unit: String) -> String {
    let prefixes: [(factor: Double, name: String)] = [(1, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n")]
    let prefix = prefixes.first { value >= $0.factor } ?? prefixes[value > 0 ? 3 : 0]
    return String(format: "%.4g ", value / prefix.factor) + prefix.name + unit
  }

  /// The sentence for a target that no row fits: names the smallest row and the reason why it does not fit.
  static func nothingFits(_ rows: [(row: Ranking.Row, reading: Reading)]) -> String {
    /// The resources that a chip has a fixed amount of: whole numbers that are objectives.
    func sizes(_ reading: Reading) -> [Resource] {
      reading.resources.filter { $0.unit.isWhole && $0.standing == .objective }
    }
    func size(_ reading: Reading) -> Double {
      sizes(reading).first.flatMap { reading[$0]?.value } ?? .infinity
    }
    let smallest = rows.min { (size($0.reading), $0.row.name) < (size($1.reading), $1.row.name) }
    guard let smallest else { return "no row was estimated" }
    return "nothing fits; the smallest is \(name(smallest.row)) with "
      + amounts(sizes(smallest.reading), of: smallest.reading)
      + (smallest.reading.reason.map { ": \($0)" } ?? "")
  }

  /// Names with commas; of more than six, the first six and the number of the others.
  static func list(_ names: [String]) -> String {
    let shown = 6
    guard names.count > shown else { return names.joined(separator: ", ") }
    return names.prefix(shown).joined(separator: ", ") + " and \(names.count - shown) more"
  }

  /// A number with its noun: `1 seed`, `3 seeds`.
  static func count(_ number: Int, _ word: String) -> String { "\(number) \(word)\(number == 1 ? "" : "s")" }
}
