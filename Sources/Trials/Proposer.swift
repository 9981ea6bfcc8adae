/// Proposes settings and learns from what became of them: goals search with it.
public protocol Proposer {
  /// The next strength to try, 0…1; `nil` when the search is over.
  mutating func ask() -> Double?
  /// What became of a strength: whether it met the goal.
  mutating func tell(_ strength: Double, meetsGoal: Bool)
}

/// Halves the interval between a strength that meets the goal and one that does not.
///
/// With `prefersStrong` the strongest that meets the goal is sought (keep an accuracy), else the weakest (fit a size).
/// After n tries the strength is known to 2^-n.
public struct Bisection: Proposer {
  private var low: Double
  private var high: Double
  private var triesLeft: Int
  private let prefersStrong: Bool

  /// A search in an interval of strengths.
  public init(in range: ClosedRange<Double> = 0...0.99, tries: Int, prefersStrong: Bool) {
    low = range.lowerBound
    high = range.upperBound
    triesLeft = tries
    self.prefersStrong = prefersStrong
  }

  public mutating func ask() -> Double? {
    guard triesLeft > 0 else { return nil }
    triesLeft -= 1
    return (low + high) / 2
  }

  public mutating func tell(_ strength: Double, meetsGoal: Bool) {
    if meetsGoal == prefersStrong { low = strength } else { high = strength }
  }
}
