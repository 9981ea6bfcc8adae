public import Settings
import Tensors
import Training

/// Evolution with aging: the oldest member of the population is removed, not the worst.
///
/// A combination that was lucky once therefore does not stay. The first `population` assignments are drawn at
/// random. Then each child is the best of `sample` members of the population with one variable changed: a
/// number moves by a normal step, a choice becomes another one. The population is always the last
/// `population` assignments that were tried. Children come in rounds of a fixed size that use finished rounds
/// alone, so neither the number of jobs nor a kill changes what is tried.
///
/// **Paper** Real, Aggarwal, Huang, Le, "Regularized evolution for image classifier architecture search",
/// AAAI 2019, arXiv:1802.01548.
public struct AgingEvolution: SearchStrategy {
  /// The name in recipes: `evolution`.
  public static let name = "evolution"
  /// The description in lists of strategies.
  public static let summary =
    "changes one setting of the best among recent combinations; the oldest are forgotten"

  /// The number of assignments in all.
  public var tries = 40
  /// The size of the population.
  public var population = 12
  /// The number of members drawn for each child, the best of which becomes its parent.
  public var sample = 4
  /// The number of children in a round.
  public var round = 4

  /// The standard deviation of a number's step, as a share of its range.
  private static let step = 0.2
  /// The number of times that a child is drawn again if it was tried before.
  private static let redraws = 20

  /// Makes a strategy with the default settings.
  public init() {}

  /// Settings: `tries`, `population`, `sample`, `round`.
  public static var settings: [Setting<AgingEvolution>] {
    [
      Setting("tries", \.tries, in: 1...10_000, "combinations that are tried in all"),
      Setting("population", \.population, in: 1...1000, "recent combinations that may become parents"),
      Setting("sample", \.sample, in: 1...1000, "drawn combinations, of which the best becomes a parent"),
      Setting("round", \.round, in: 1...1000, "children that are tried in a round"),
    ]
  }

  /// The setting `tries`.
  public func tries(in space: SearchSpace) -> Int { tries }

  /// True: parents are chosen by front and crowding if the goal has several objectives.
  public var takesFronts: Bool { true }

  /// The rest of the present round: random assignments in the first, children of the population in later
  /// ones.
  public func ask(_ count: Int, _ search: SearchState) -> [Assignment] {
    propose(count, search).map(\.assignment)
  }

  /// Proposes random assignments, then changed copies of parents, each with its parent.
  public func propose(_ count: Int, _ search: SearchState) -> [Proposal] {
    let start = search.roundStart(first: population, size: round)
    let members = min(start == 0 ? population : round, tries - start)
    let done = search.observations.count
    guard done < tries, count > 0 else { return [] }
    let variables = search.space.variables
    let before = Array(search.observations[..<start])
    let living = Population(before, size: population, isOfFront: search.isOfFront)
    var known = before.map(\.assignment)
    let proposed = (0..<members).map { number in
      var random = search.random.refined(by: start + number)
      guard start > 0 else {
        return Proposal(Assignment(variables.map { $0.value(at: $0.drawnPlace(&random)) }))
      }
      var child = Proposal(known[0])
      for _ in 0...Self.redraws {
        let parent = living.parent(of: sample, &random)
        var crossed = before[parent].assignment
        if search.isOfFront {
          let other = before[living.parent(of: sample, &random)].assignment
          for index in variables.indices where random.below(2) == 0 {
            crossed.values[index] = other.values[index]
          }
        }
        child = Proposal(Self.changed(crossed, variables, &random), parent: parent)
        if !known.contains(child.assignment) { break }
      }
      known.append(child.assignment)
      return child
    }
    return Array(proposed.dropFirst(done - start).prefix(count))
  }

  /// Those that may become parents.
  private struct Population {
    private let observations: [SearchObservation]
    /// Their places among all; of several objectives the best first.
    private let members: [Int]
    private let isOfFront: Bool

    init(_ observations: [SearchObservation], size: Int, isOfFront: Bool) {
      self.observations = observations
      self.isOfFront = isOfFront
      members =
        isOfFront
        ? Array(
          ParetoRanks.order(of: observations.map(\.objectives), misses: observations.map(\.miss)).prefix(size)
        )
        : Array(observations.indices.suffix(size))
    }

    /// The best of some that are drawn.
    func parent(of sample: Int, _ random: inout SeededRandom) -> Int {
      let drawn = (0..<sample).map { _ in random.below(members.count) }
      let best = drawn.dropFirst().reduce(drawn[0]) { best, other in
        let isBetter =
          isOfFront
          ? other < best : observations[members[other]].isBetter(than: observations[members[best]])
        return isBetter ? other : best
      }
      return members[best]
    }
  }

  /// An assignment with another value for one variable.
  static func changed(
    _ parent: Assignment, _ variables: [SearchVariable], _ random: inout SeededRandom
  ) -> Assignment {
    var child = parent
    let changeable = variables.indices.filter { variables[$0].count != 1 }
    guard !changeable.isEmpty else { return child }
    let index = changeable[random.below(changeable.count)]
    let variable = variables[index]
    let place = variable.place(of: parent.values[index]) ?? 0
    if variable.isOrdered {
      // A step that would round to the same integer goes to its neighbour.
      let step = step * Double(random.normal())
      let least = variable.count.map { 1 / Double($0 - 1) } ?? 0
      let moved = place + (abs(step) < least ? (step < 0 ? -least : least) : step)
      child.values[index] = variable.value(at: reflected(moved))
    } else if let count = variable.count {
      let own = Int((place * Double(count - 1)).rounded())
      let other = (own + 1 + random.below(count - 1)) % count
      child.values[index] = variable.value(at: Double(other) / Double(count - 1))
    }
    return child
  }

  /// A place beyond an end of the range, reflected at that end.
  private static func reflected(_ place: Double) -> Double {
    let folded = abs(place).truncatingRemainder(dividingBy: 2)
    return folded > 1 ? 2 - folded : folded
  }
}
