import Foundation
public import Readings

/// Numbers for people: three significant digits and a unit with a fitting prefix.
public enum Quantity {
  /// A size: `987 B`, `12.3 kB`, `1.23 MB`; a kilobyte is 1,000 bytes.
  public static func bytes(_ count: Int) -> String { scaled(Double(count), unit: "B", prefixes: large) }

  /// A count: `987`, `12.3k`, `1.23M`.
  public static func count(_ count: Int) -> String { compact(Double(count)) }

  /// A time in milliseconds: `45.6 µs`, `12.3 ms`, `1.23 s`.
  public static func milliseconds(_ value: Double) -> String {
    scaled(value / 1e3, unit: "s", prefixes: small)
  }

  /// An energy in microjoules: `45.6 nJ`, `12.3 µJ`, `1.23 mJ`.
  public static func microjoules(_ value: Double) -> String {
    scaled(value / 1e6, unit: "J", prefixes: small + large)
  }

  /// An amount in a resource's unit: `12.3 kB`, `45.6 µs`, `1.23k`.
  public static func amount(_ value: Double, _ unit: Resource.Unit) -> String {
    switch unit {
    case .bytes: bytes(Int(max(-1e18, min(value.rounded(), 1e18))))
    case .milliseconds: milliseconds(value)
    case .microjoules: microjoules(value)
    case .joules: microjoules(value * 1e6)
    default: unit.sign.map { scaled(value, unit: $0.text, prefixes: [(1, "")]) } ?? compact(value)
    }
  }

  /// An interval: `9.50 ms to 12.3 ms`; a dash where an end is missing.
  static func interval(_ figure: Figure?, _ unit: Resource.Unit) -> String {
    guard let low = figure?.low, let high = figure?.high else { return missing }
    return "\(amount(low, unit)) to \(amount(high, unit))"
  }

  /// A factor: `12.3×`.
  public static func ratio(_ value: Double) -> String {
    value.isFinite ? digits(value) + "×" : missing
  }

  /// A rate in percent with two decimals, without the sign: `98.36`.
  public static func percent(_ rate: Double) -> String {
    rate.isFinite ? String(format: "%.2f", rate * 100) : missing
  }

  /// A number of percentage points without a sign: `1 point`, `0.5 points`.
  static func plainPoints(_ value: Double) -> String {
    let text = String(format: "%g", (1e6 * value).rounded() / 1e4)
    return text + (text == "1" ? " point" : " points")
  }

  /// A difference of rates in percentage points with its sign: `−0.42`.
  public static func points(_ difference: Double) -> String {
    guard difference.isFinite else { return missing }
    let text = String(format: "%.2f", abs(difference) * 100)
    return Double(text) == 0 ? text : (difference < 0 ? "−" : "+") + text
  }

  /// A p-value: `0.031`, `< 0.001`.
  public static func pValue(_ value: Double?) -> String {
    guard let value, value.isFinite else { return missing }
    return value < 0.001 ? "< 0.001" : String(format: "%.3f", value)
  }

  /// The text in place of a missing number.
  public static let missing = "–"

  /// A number without unit or space, for narrow columns: `987`, `12.3k`, `1.23M`.
  static func compact(_ value: Double) -> String {
    scaled(value, unit: "", prefixes: large).filter { $0 != " " }
  }

  private static let small = [(1e-9, "n"), (1e-6, "µ"), (1e-3, "m"), (1, "")]
  private static let large = [(1, ""), (1e3, "k"), (1e6, "M"), (1e9, "G"), (1e12, "T")]

  /// The value in the largest unit that leaves at least one digit before the point.
  private static func scaled(_ value: Double, unit: String, prefixes: [(factor: Double, name: String)])
    -> String
  {
    guard value.isFinite else { return missing }
    guard value != 0 else { return unit.isEmpty ? "0" : "0 \(unit)" }
    let shown =
      prefixes.last { Double(digits(abs(value) / $0.factor)).map { $0 >= 1 } ?? false } ?? prefixes[0]
    let text = digits(value / shown.factor)
    return shown.name.isEmpty && unit.isEmpty ? text : "\(text) \(shown.name)\(unit)"
  }

  /// A number with three significant digits: `1.23`, `12.3`, `123`, `1234`.
  ///
  /// Whole numbers below 1,000 have no decimals, and numbers from 100 on are rounded to whole ones.
  static func digits(_ value: Double) -> String {
    if value.rounded() == value, abs(value) < 1_000 { return String(Int(value)) }
    let magnitude = abs(value)
    let decimals = magnitude < 9.995 ? 2 : magnitude < 99.95 ? 1 : 0
    return String(format: "%.\(decimals)f", value)
  }
}
