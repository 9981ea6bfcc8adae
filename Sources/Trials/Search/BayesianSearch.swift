import Foundation
public import Settings
import Tensors
import Training

/// Gaussian processes of cost and of the goal, and the combination that is expected to improve most.
///
/// After `initial` assignments that are drawn at random, each further one maximizes, over drawn places and neighbours of the best,
///
///     EI(x) · P(x meets the goal),   EI(x) = (b - μ(x)) Φ(z) + σ(x) φ(z),   z = (b - μ(x)) / σ(x)
///
/// b is the least cost that met the goal; μ, σ are of a process of the logarithm of the cost, where all costs are above 0. The second process is of
/// whether the goal was met. Until one has met it, the probability alone counts. Within a round, earlier members are taken to have
/// turned out as expected, so that a round spreads.
///
/// Paper: Jones, Schonlau, Welch, "Efficient global optimization of expensive black-box functions", 1998; Gardner et al., "Bayesian
/// optimization with inequality constraints", ICML 2014; Snoek, Larochelle, Adams, NIPS 2012, arXiv:1206.2944.
public struct BayesianSearch: SearchStrategy {
  public static let name = "bayesian"
  public static let summary = "models cost and goal by Gaussian processes, and tries where most is expected"

  /// How many assignments are tried in all.
  public var tries = 30
  /// How many are drawn at random before.
  public var initial = 8
  /// Assignments of a round.
  public var round = 2

  /// Places at which the expectation is looked at: drawn ones, and around the best so far.
  private static let (drawn, near) = (512, 128)
  private static let (best, step) = (4, 0.1)

  public init() {}

  public static var settings: [Setting<BayesianSearch>] {
    [
      Setting("tries", \.tries, in: 1...2000, "how many combinations are tried in all"),
      Setting("initial", \.initial, in: 2...1000, "how many are drawn at random before"),
      Setting("round", \.round, in: 1...100, "how many are tried at a time"),
    ]
  }

  public func tries(in space: SearchSpace) -> Int { tries }

  public func ask(_ count: Int, _ search: SearchState) -> [Assignment] {
    let first = min(initial, tries)
    let start = search.roundStart(first: first, size: round)
    let done = search.observations.count
    guard done < tries, count > 0 else { return [] }
    let variables = search.space.variables
    let before = search.observations[..<start]
    var seen = before.map { Seen($0, variables) }
    var known = before.map(\.assignment)
    let proposed = (0..<min(start == 0 ? first : round, tries - start)).map { number in
      var random = search.random.refined(by: start + number)
      guard start > 0 else { return Assignment(variables.map { $0.value(at: $0.drawnPlace(&random)) }) }
      let next = Self.next(seen, variables, known, &random)
      known.append(next.assignment)
      seen.append(next)
      return next.assignment
    }
    return Array(proposed.dropFirst(done - start).prefix(count))
  }

  /// A combination that was tried, or is taken to have been.
  private struct Seen {
    var assignment: Assignment
    var point: [Double]
    /// The cost, on a scale of logarithms where it can be; `nil` where there was no student.
    var cost: Double?
    /// How nearly it met the goal: 1 for met, 0 for not, between for what is expected.
    var met: Double

    init(assignment: Assignment, point: [Double], cost: Double?, met: Double) {
      (self.assignment, self.point, self.cost, self.met) = (assignment, point, cost, met)
    }

    init(_ observation: SearchObservation, _ variables: [SearchVariable]) {
      assignment = observation.assignment
      point = zip(variables, observation.assignment.values).map { $0.place(of: $1) ?? 0 }
      let hasStudent = observation.miss.isFinite && observation.cost.isFinite
      cost = hasStudent ? Self.scaled(observation.cost) : nil
      met = observation.meetsGoal ? 1 : 0
    }

    /// Bytes and shortfalls span magnitudes.
    private static func scaled(_ cost: Double) -> Double { Foundation.log(max(cost, 1e-6)) }
  }

  private static func next(
    _ seen: [Seen], _ variables: [SearchVariable], _ known: [Assignment], _ random: inout SeededRandom
  ) -> Seen {
    let candidates = candidates(seen, variables, known, &random)
    let points = candidates.map(\.point)
    let told = seen.filter { $0.cost != nil }
    let costs = GaussianProcess(told.map(\.point), told.compactMap(\.cost))?.predictions(at: points)
    let isAlwaysMet = seen.allSatisfy { $0.met == 1 }
    let goals =
      isAlwaysMet ? nil : GaussianProcess(seen.map(\.point), seen.map(\.met))?.predictions(at: points)
    let least = seen.filter { $0.met == 1 }.compactMap(\.cost).min()
    var best: (index: Int, value: Double)?
    for index in candidates.indices {
      let probability = goals.map { Self.cumulative(($0[index].mean - 0.5) / $0[index].deviation) } ?? 1
      var value = probability
      if let least, let costs {
        value *= expectedImprovement(on: least, costs[index].mean, costs[index].deviation)
      }
      if value.isFinite, best.map({ value > $0.value }) ?? true { best = (index, value) }
    }
    var chosen = candidates[best?.index ?? 0]
    if let index = best?.index {
      chosen.cost = costs?[index].mean
      chosen.met = goals.map { $0[index].mean >= 0.5 ? 1 : 0 } ?? 1
    }
    return chosen
  }

  /// Places over the whole space, and around the best that were tried; none twice.
  private static func candidates(
    _ seen: [Seen], _ variables: [SearchVariable], _ known: [Assignment], _ random: inout SeededRandom
  ) -> [Seen] {
    var places = (0..<drawn).map { _ in variables.map { $0.drawnPlace(&random) } }
    let best = seen.filter { $0.cost != nil }
      .sorted { ($1.met, $0.cost ?? 0) < ($0.met, $1.cost ?? 0) }.prefix(Self.best)
    for number in 0..<near where !best.isEmpty {
      var place = best[number % best.count].point
      for axis in place.indices where place.count == 1 || random.below(2) == 0 {
        place[axis] =
          variables[axis].isOrdered
          ? min(max(place[axis] + step * Double(random.normal()), 0), 1) : variables[axis].drawnPlace(&random)
      }
      places.append(place)
    }
    let all = places.map { place in
      // A place that rounds to a value is that value's.
      let assignment = Assignment(zip(variables, place).map { $0.value(at: $1) })
      let point = zip(variables, assignment.values).map { $0.place(of: $1) ?? 0 }
      return Seen(assignment: assignment, point: point, cost: nil, met: 0)
    }
    let fresh = all.filter { !known.contains($0.assignment) }
    return fresh.isEmpty ? all : fresh
  }

  private static func expectedImprovement(
    on best: Double, _ mean: Double, _ deviation: Double
  ) -> Double {
    let distance = (best - mean) / deviation
    let density = Foundation.exp(-distance * distance / 2) / (2 * Double.pi).squareRoot()
    return (best - mean) * cumulative(distance) + deviation * density
  }

  /// The standard normal's distribution function.
  private static func cumulative(_ value: Double) -> Double { 0.5 * Foundation.erfc(-value / 2.squareRoot()) }
}
