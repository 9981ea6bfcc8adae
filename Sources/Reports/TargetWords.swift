import Foundation
import Runs

/// What the figures of a target rest on, in words.
struct TargetWords {
  /// `modelled, latency within −30 % to +30 %`.
  let basis: String

  /// Looks at all rows of a report.
  init(_ report: RunReport, _ target: String) {
    let readings = report.rows.compactMap { $0.targets[target] }
    let bases = Set(readings.map(\.basis)).sorted()
    let below = readings.compactMap { Self.share($0.low, of: $0.latencyMs) }.min() ?? 0
    let above = readings.compactMap { Self.share($0.high, of: $0.latencyMs) }.max() ?? 0
    let words = bases.isEmpty ? "nothing is known" : bases.joined(separator: " and ")
    basis =
      below == 0 && above == 0 ? words : words + ", latency within \(Self.text(below)) to \(Self.text(above))"
  }

  /// How far a bound lies from the value, as a share of it.
  private static func share(_ bound: Double, of value: Double) -> Double? {
    value > 0 && bound.isFinite ? bound / value - 1 : nil
  }

  private static func text(_ share: Double) -> String {
    (share < 0 ? "−" : "+") + String(format: "%.0f %%", abs(share) * 100)
  }
}
