public import Settings
import Tensors
import Training

/// Changes one variable of a member of the front at a time, and starts each child from its parent's trained weights.
///
/// The search has three stages; each uses all earlier observations:
///
/// 1. `initial` random assignments, trained from scratch;
/// 2. until `mixed` assignments were tried, the best of random assignments and children;
/// 3. then the best of children alone.
///
/// A child differs from a member of the front in one variable: a number changes by a normal step, a choice to another choice. Its
/// network inherits its parent's weights as far as they fit (`Inheritance`), from before they were encoded. Gaussian processes choose
/// the best proposal, as in `bayesian`; each proposal draws new weights of the objectives. For a single objective, the four best
/// observations serve as the front.
///
/// **Paper**: Fedorov, Adams, Mattina, Whatmough, "SpArSe: sparse architecture search for CNNs on resource-constrained microcontrollers",
/// NeurIPS 2019, arXiv:1905.12107.
public struct MorphismSearch: SearchStrategy {
  /// The name in recipes: `morphism`.
  public static let name = "morphism"
  /// The description in lists of strategies.
  public static let summary =
    "changes members of the front, and lets children start from their parents' weights"

  /// The number of assignments in all.
  public var tries = 40
  /// The number of random assignments at the beginning.
  public var initial = 10
  /// The number of assignments up to which random ones compete with children.
  public var mixed = 20
  /// The number of assignments in a round.
  public var round = 2
  /// The epochs of a child's longest training; `nil` for those of the recipe.
  public var childEpochs: Int?

  /// The numbers of children and random assignments among which a proposal is chosen.
  private static let (children, drawn) = (256, 256)
  /// The number of parents for a goal of one objective.
  private static let best = 4

  /// Makes a strategy with the default settings.
  public init() {}

  /// Settings: `tries`, `initial`, `mixed`, `round`, `childEpochs`.
  public static var settings: [Setting<MorphismSearch>] {
    [
      Setting("tries", \.tries, in: 1...10_000, "how many combinations are tried in all"),
      Setting("initial", \.initial, in: 2...10_000, "how many are drawn at random first"),
      Setting("mixed", \.mixed, in: 0...10_000, "until how many are tried drawn ones compete with children"),
      Setting("round", \.round, in: 1...100, "how many are tried at a time"),
      Setting(
        "childEpochs", \.childEpochs, in: 1...100_000,
        "epochs of a child's longest training; as many as others have if null"),
    ]
  }

  /// True: candidates are ranked by fronts if the goal has several objectives.
  public var takesFronts: Bool { true }
  /// True: children start from the weights of their parents.
  public var inherits: Bool { true }

  /// The number of candidates in all.
  public func tries(in space: SearchSpace) -> Int { tries }

  /// The assignments of `propose`.
  public func ask(_ count: Int, _ search: SearchState) -> [Assignment] {
    propose(count, search).map(\.assignment)
  }

  /// Proposes random assignments, then children of the front, by the stage of the search.
  public func propose(_ count: Int, _ search: SearchState) -> [Proposal] {
    let first = min(initial, tries)
    let start = search.roundStart(first: first, size: round)
    let done = search.observations.count
    guard done < tries, count > 0 else { return [] }
    let variables = search.space.variables
    let before = Array(search.observations[..<start])
    var seen = before.enumerated().map { BayesianSearch.Seen($0.element, variables, number: $0.offset) }
    let scale = search.isOfFront ? ObjectiveScale(before) : nil
    let front = Self.front(of: before, isOfFront: search.isOfFront)
    var known = before.map(\.assignment)
    let proposed = (0..<min(start == 0 ? first : round, tries - start)).map { number in
      var random = search.random.refined(by: start + number)
      guard start > 0, !front.isEmpty else {
        return Proposal(Assignment(variables.map { $0.value(at: $0.drawnPlace(&random)) }))
      }
      if let scale {
        let weights = scale.drawnWeights(&random)
        for (place, observation) in before.enumerated() {
          seen[place].cost = scale.cost(of: observation, weights)
        }
      }
      let pool = pool(front, before, variables, known, withDrawn: start < mixed, &random)
      let next = BayesianSearch.next(among: pool, seen)
      known.append(next.assignment)
      var proposal = Proposal(next.assignment, parent: next.parent)
      if next.parent != nil {
        proposal.inherits = true
        proposal.trains = childEpochs
      }
      return proposal
    }
    return Array(proposed.dropFirst(done - start).prefix(count))
  }

  /// The indices of the parents: observations with a student that are on the front, or the best for one objective.
  private static func front(of observations: [SearchObservation], isOfFront: Bool) -> [Int] {
    let usable = observations.indices.filter { observations[$0].miss.isFinite }
    guard isOfFront else {
      return Array(
        usable.sorted { first, second in
          if observations[first].isBetter(than: observations[second]) { return true }
          return !observations[second].isBetter(than: observations[first]) && first < second
        }.prefix(best))
    }
    let ranks = ParetoRanks.ranks(
      of: usable.map { observations[$0].objectives }, misses: usable.map { observations[$0].miss })
    return zip(usable, ranks).filter { $0.1 == 0 }.map(\.0)
  }

  /// The candidates for a proposal, without those tried before; all of them if all were tried.
  private func pool(
    _ front: [Int], _ observations: [SearchObservation], _ variables: [SearchVariable], _ known: [Assignment],
    withDrawn: Bool, _ random: inout SeededRandom
  ) -> [BayesianSearch.Seen] {
    var all: [(assignment: Assignment, parent: Int?)] = []
    for number in 0..<Self.children {
      let parent = front[number % front.count]
      all.append((AgingEvolution.changed(observations[parent].assignment, variables, &random), parent))
    }
    for _ in 0..<(withDrawn ? Self.drawn : 0) {
      all.append((Assignment(variables.map { $0.value(at: $0.drawnPlace(&random)) }), nil))
    }
    let fresh = all.filter { !known.contains($0.assignment) }
    return (fresh.isEmpty ? all : fresh).map { assignment, parent in
      let point = zip(variables, assignment.values).map { $0.place(of: $1) ?? 0 }
      return BayesianSearch.Seen(assignment: assignment, point: point, cost: nil, met: 0, parent: parent)
    }
  }
}
