public import Settings
import Training

/// Raises numbers step by step while the goal is met: first all together, then one after the other.
///
/// Unlike bisection, it never jumps far beyond the point from which training can recover, and several
/// numbers, such as the thresholds of groups of layers, each reach their own limit. To fit a size, it raises
/// all numbers together until the student fits.
///
/// **Paper** the threshold that is raised until training no longer recovers: Han, Pool, Tran, Dally,
/// "Learning both weights and connections for efficient neural networks", 2015, arXiv:1506.02626.
public struct Ascent: SearchStrategy {
  /// The name in recipes: `ascent`.
  public static let name = "ascent"
  /// The description in lists of strategies.
  public static let summary =
    "raises numbers step by step while the goal is met, first together, then one by one"

  /// The number of equal steps from the lowest value of a range to the highest.
  public var steps = 10

  /// Makes a strategy with the default settings.
  public init() {}

  /// Settings: `steps`.
  public static var settings: [Setting<Ascent>] {
    [Setting("steps", \.steps, in: 1...100, "equal steps from the lowest value of a range to the highest")]
  }

  /// The largest number of assignments: the climb together, and for each of several numbers its own climb.
  public func tries(in space: SearchSpace) -> Int {
    let numbers = space.variables.count
    return steps + 1 + (numbers > 1 ? numbers * (steps + 1) : 0)
  }

  /// Refuses lists of choices, which have no order.
  public func refusal(of space: SearchSpace) -> String? {
    space.variables.allSatisfy(\.isOrdered) ? nil : "needs numbers; for a list take grid or random"
  }

  /// The next step of the climb, as a function of the observations; one assignment at a time.
  public func ask(_ count: Int, _ search: SearchState) -> [Assignment] {
    var climb = Climb(numbers: search.space.variables.count, steps: steps, isDownhill: !search.prefersStrong)
    for observation in search.observations { climb.tell(observation.meetsGoal) }
    guard count > 0, let places = climb.next else { return [] }
    return [
      Assignment(
        zip(search.space.variables, places).map { $0.value(at: Double($1) / Double(steps)) })
    ]
  }
}

/// The state of a climb.
private struct Climb {
  /// The steps of the next assignment, one number per variable; `nil` at the end.
  private(set) var next: [Int]?
  private let steps: Int
  private let isDownhill: Bool
  /// The highest steps so far at which the goal was met.
  private var reached: [Int]?
  /// The number that is raised alone; `nil` while all are raised together.
  private var alone: Int?

  /// Starts a climb; `isDownhill` says that the goal is met from some height on, and not below.
  init(numbers: Int, steps: Int, isDownhill: Bool) {
    (self.steps, self.isDownhill) = (steps, isDownhill)
    next = Array(repeating: 0, count: numbers)
  }

  mutating func tell(_ isMet: Bool) {
    guard let tried = next else { return }
    if isDownhill {
      next = isMet || tried[0] == steps ? nil : tried.map { $0 + 1 }
      return
    }
    if isMet { reached = tried }
    guard let reached else { return next = nil }
    if alone == nil {
      guard !isMet || reached[0] == steps else { return next = reached.map { $0 + 1 } }
      // A single number has no climb alone.
      alone = reached.count > 1 ? 0 : reached.count
    } else if !isMet {
      alone? += 1
    }
    while let number = alone, number < reached.count, reached[number] == steps { alone = number + 1 }
    guard let number = alone, number < reached.count else { return next = nil }
    next = reached
    next?[number] += 1
  }
}
