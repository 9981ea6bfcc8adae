public import Settings
import Training

/// Halves the interval between a value that meets the goal and one that does not, one try after another.
///
/// With `prefersStrong` it searches for the highest value that meets the goal (keep an accuracy), else for
/// the lowest (fit a size). After n tries the value is known to 2^-n of its range, if a higher value never
/// makes the goal easier to keep.
public struct Bisection: SearchStrategy {
  /// The name in recipes: `bisection`.
  public static let name = "bisection"
  /// The description in lists of strategies.
  public static let summary =
    "halves the range of one number between a value that meets the goal and one that misses it"

  /// The number of values that are tried.
  public var tries = 6

  /// Makes a strategy with the default settings.
  public init() {}

  /// Settings: `tries`.
  public static var settings: [Setting<Bisection>] {
    [Setting("tries", \.tries, in: 1...30, "values that are tried, one after another")]
  }

  /// The setting `tries`.
  public func tries(in space: SearchSpace) -> Int { tries }

  /// Refuses spaces of several variables, and lists of choices.
  public func refusal(of space: SearchSpace) -> String? {
    let isOneNumber = space.variables.count == 1 && space.variables.allSatisfy(\.isOrdered)
    return isOneNumber
      ? nil : "needs the range of one number; for several settings or a list take grid or random"
  }

  /// The middle of the interval that the observations leave; one assignment at a time.
  public func ask(_ count: Int, _ search: SearchState) -> [Assignment] {
    guard count > 0, search.observations.count < tries else { return [] }
    var (low, high) = (0.0, 1.0)
    for observation in search.observations {
      let middle = (low + high) / 2
      if observation.meetsGoal == search.prefersStrong { low = middle } else { high = middle }
    }
    return [Assignment(search.space.variables.map { $0.value(at: (low + high) / 2) })]
  }
}
