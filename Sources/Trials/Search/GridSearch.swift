public import Settings
import Training

/// Tries every combination of evenly spaced values, the last variable varying fastest.
public struct GridSearch: SearchStrategy {
  public static let name = "grid"
  public static let summary = "tries every combination of evenly spaced values"

  /// Values of each variable; of integers and lists never more than there are.
  public var points = 5

  public init() {}

  public static var settings: [Setting<GridSearch>] {
    [Setting("points", \.points, in: 1...100, "values of each setting, both ends of a range among them")]
  }

  public func tries(in space: SearchSpace) -> Int {
    space.variables.reduce(1) { product, variable in
      product.multipliedReportingOverflow(by: points(of: variable)).overflow
        ? .max : product * points(of: variable)
    }
  }

  public func refusal(of space: SearchSpace) -> String? {
    let tries = tries(in: space)
    return tries > Self.most
      ? "would try \(tries) combinations, expected at most \(Self.most); take fewer points" : nil
  }

  public func ask(_ count: Int, _ search: SearchState) -> [Assignment] {
    let done = search.observations.count
    return (done..<max(done, min(tries(in: search.space), done + count))).map { assignment($0, search.space) }
  }

  private static let most = 1000

  private func points(of variable: SearchVariable) -> Int { min(points, variable.count ?? points) }

  /// The combination of a number, in whose digits the variables' places stand.
  private func assignment(_ number: Int, _ space: SearchSpace) -> Assignment {
    var rest = number
    var values: [SettingsNode] = []
    for variable in space.variables.reversed() {
      let points = points(of: variable)
      // A single point is the middle.
      values.append(variable.value(at: points == 1 ? 0.5 : Double(rest % points) / Double(points - 1)))
      rest /= points
    }
    return Assignment(values.reversed())
  }
}
