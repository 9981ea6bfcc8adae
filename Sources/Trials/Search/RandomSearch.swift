public import Settings
import Tensors
import Training

/// Draws every value independently and uniformly over its range.
///
/// **Paper** Bergstra, Bengio, "Random search for hyper-parameter optimization", Journal of Machine Learning
/// Research 13, 2012.
public struct RandomSearch: SearchStrategy {
  /// The name in recipes: `random`.
  public static let name = "random"
  /// The description in lists of strategies.
  public static let summary = "draws values evenly over their ranges"

  /// The number of assignments.
  public var tries = 12

  /// Makes a strategy with the default settings.
  public init() {}

  /// Settings: `tries`.
  public static var settings: [Setting<RandomSearch>] {
    [Setting("tries", \.tries, in: 1...1000, "combinations that are drawn")]
  }

  /// The setting `tries`.
  public func tries(in space: SearchSpace) -> Int { tries }

  /// True: random assignments do not depend on the goal.
  public var takesFronts: Bool { true }

  /// The next assignments, each drawn from a stream of its number.
  public func ask(_ count: Int, _ search: SearchState) -> [Assignment] {
    let done = search.observations.count
    return (done..<max(done, min(tries, done + count))).map { number in
      var random = search.random.refined(by: number)
      return Assignment(search.space.variables.map { $0.value(at: $0.drawnPlace(&random)) })
    }
  }
}
