import Readings
import Runs

/// A sign behind a row's name, with its meaning; the list of marks is the legend.
public struct Mark: Sendable {
  /// The sign, one character.
  public let sign: String
  /// The meaning on a target, in a few words.
  let meaning: @Sendable (_ target: String?) -> String
  /// True if a row has the mark on a target.
  let applies: @Sendable (_ row: Ranking.Row, _ target: String?, _ ranking: Ranking) -> Bool

  /// All marks, in the order in which they stand behind a name.
  public static let all = [
    Mark(
      sign: "*", meaning: { "on the Pareto front\(of($0)): no other row is better in every respect" },
      applies: { row, target, _ in target.map(row.paretoOn.contains) ?? false }),
    Mark(
      sign: "!", meaning: { "does not fit\($0.map { " \($0)" } ?? "")" },
      applies: { row, target, _ in target.flatMap { row.targets[$0] }.map { !$0.fits } ?? false }),
    Mark(
      sign: "=", meaning: { "its latency\(on($0)) is not told apart from another row's" },
      applies: { row, target, ranking in
        target.flatMap { ranking.targets[$0] }?.ties.contains { $0.contains(row.name) } ?? false
      }),
    Mark(
      sign: "~", meaning: { _ in "indicative: fewer than three seeds, no p-value" },
      applies: { row, _, _ in row.indicative }),
    Mark(
      sign: "s", meaning: { _ in "accuracy of integers simulated in floats" },
      applies: { row, _, _ in row.accuracy.arithmetic.contains("simulated") }),
  ]

  /// The marks of a row.
  static func of(_ row: Ranking.Row, on target: String?, in ranking: Ranking) -> [Mark] {
    all.filter { $0.applies(row, target, ranking) }
  }

  private static func on(_ target: String?) -> String { target.map { " on \($0)" } ?? "" }
  private static func of(_ target: String?) -> String { target.map { " of \($0)" } ?? "" }
}
