public import Settings
import Training

/// Tries every combination of evenly spaced values; the last variable varies fastest.
public struct GridSearch: SearchStrategy {
  /// The name in recipes: `grid`.
  public static let name = "grid"
  /// The description in lists of strategies.
  public static let summary = "tries every combination of evenly spaced values"

  /// The number of values of each variable; for integers and lists at most as many as there are.
  public var points = 5

  /// Makes a strategy with the default settings.
  public init() {}

  /// Settings: `points`.
  public static var settings: [Setting<GridSearch>] {
    [Setting("points", \.points, in: 1...100, "values of each setting, with both ends of a range")]
  }

  /// The product of the variables' numbers of values; `Int.max` on overflow.
  public func tries(in space: SearchSpace) -> Int {
    space.variables.reduce(1) { product, variable in
      product.multipliedReportingOverflow(by: points(of: variable)).overflow
        ? .max : product * points(of: variable)
    }
  }

  /// Refuses spaces of more than 1,000 combinations.
  public func refusal(of space: SearchSpace) -> String? {
    let tries = tries(in: space)
    return tries > Self.most
      ? "would try \(tries) combinations, expected at most \(Self.most); take fewer points" : nil
  }

  /// True: a grid does not depend on the goal.
  public var takesFronts: Bool { true }

  /// The next combinations in their order.
  public func ask(_ count: Int, _ search: SearchState) -> [Assignment] {
    let done = search.observations.count
    return (done..<max(done, min(tries(in: search.space), done + count))).map { assignment($0, search.space) }
  }

  private static let most = 1000

  private func points(of variable: SearchVariable) -> Int { min(points, variable.count ?? points) }

  /// The combination of a number whose digits are the variables' places.
  private func assignment(_ number: Int, _ space: SearchSpace) -> Assignment {
    var rest = number
    var values: [SettingsNode] = []
    for variable in space.variables.reversed() {
      let points = points(of: variable)
      // A single point is the middle of the range.
      values.append(variable.value(at: points == 1 ? 0.5 : Double(rest % points) / Double(points - 1)))
      rest /= points
    }
    return Assignment(values.reversed())
  }
}
