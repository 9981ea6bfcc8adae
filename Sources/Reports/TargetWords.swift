import Foundation
import Readings
import Runs

/// The basis of a target's figures, in words.
struct TargetWords {
  /// The basis: `modelled, latency within −30 % to +30 %, energy within ×/÷ 2`; separately for each basis of
  /// the rows.
  let basis: String

  /// Takes the readings of all rows of a report.
  init(_ report: RunReport, _ target: String) {
    let readings = report.rows.compactMap { $0.targets[target] }
    let bases = Dictionary(grouping: readings, by: \.basis).sorted { $0.key < $1.key }
    basis =
      bases.isEmpty ? "nothing is known" : bases.map { Self.words($0.key, $0.value) }.joined(separator: "; ")
  }

  /// One basis with the uncertainty of its rows.
  private static func words(_ basis: String, _ readings: [Reading]) -> String {
    func shares(_ resource: Resource, _ end: KeyPath<Figure, Double?>) -> [Double] {
      readings.compactMap { reading in
        reading[resource].flatMap { figure in figure[keyPath: end].flatMap { share($0, of: figure.value) } }
      }
    }
    let below = shares(.latency, \.low).min() ?? 0
    let above = shares(.latency, \.high).max() ?? 0
    var words = basis
    if below < -0.005 || above > 0.005 {
      words += ", latency within \(text(below)) to \(text(above))"
    } else if readings.contains(where: { $0[.cycles] != nil }) {
      words += ", cycles exact"
    }
    let factor = shares(.energy, \.high).max() ?? 0
    if factor > 0.005 { words += ", energy within ×/÷ " + String(format: "%.2g", 1 + factor) }
    return words
  }

  /// The distance of a bound from the value, as a share of the value.
  private static func share(_ bound: Double, of value: Double) -> Double? {
    value > 0 && bound.isFinite ? bound / value - 1 : nil
  }

  private static func text(_ share: Double) -> String {
    (share < 0 ? "−" : "+") + String(format: "%.0f %%", abs(share) * 100)
  }
}
