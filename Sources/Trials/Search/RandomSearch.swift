public import Settings
import Tensors
import Training

/// Draws every value by itself, evenly over its range.
///
/// Paper: Bergstra, Bengio, "Random Search for Hyper-Parameter Optimization", JMLR 2012.
public struct RandomSearch: SearchStrategy {
  public static let name = "random"
  public static let summary = "draws values evenly over their ranges"

  /// How many assignments are drawn.
  public var tries = 12

  public init() {}

  public static var settings: [Setting<RandomSearch>] {
    [Setting("tries", \.tries, in: 1...1000, "how many combinations are drawn")]
  }

  public func tries(in space: SearchSpace) -> Int { tries }

  public func ask(_ count: Int, _ search: SearchState) -> [Assignment] {
    let done = search.observations.count
    return (done..<max(done, min(tries, done + count))).map { number in
      var random = search.random.refined(by: number)
      return Assignment(search.space.variables.map { $0.value(at: $0.drawnPlace(&random)) })
    }
  }
}
