import Foundation
public import Settings
import Tensors
import Training

/// Bayesian optimization: Gaussian processes model the cost and the goal, and the most promising combination
/// is tried.
///
/// After `initial` random assignments, each further one maximizes the following expected improvement over
/// random places and neighbours of the best:
///
///     EI(x) · P(x meets the goal),   EI(x) = (b - μ(x)) Φ(z) + σ(x) φ(z),   z = (b - μ(x)) / σ(x)
///
/// b is the least cost that met the goal. μ and σ are of a process for the logarithm of the cost. The second
/// process models whether the goal is met; until an assignment has met it, the probability alone counts.
/// Within a round, earlier members count as if their outcomes were as predicted, so that a round spreads out.
///
/// For a front of several objectives, each proposal draws weights and models the weighted objectives as one
/// cost. With `acquisition: hypervolume`, a front of two objectives is modelled by a process for each. The
/// hypervolume that a place is expected to add (`ExpectedHypervolume`) then takes the place of EI. Objectives
/// are on the scale of the observations, from 0 to 1, and the reference is 1.1 of both.
///
/// **Paper** Jones, Schonlau, Welch, "Efficient global optimization of expensive black-box functions", 1998;
/// Gardner et al., "Bayesian optimization with inequality constraints", ICML 2014; Snoek, Larochelle, Adams,
/// NIPS 2012, arXiv:1206.2944.
public struct BayesianSearch: SearchStrategy {
  /// The name in recipes: `bayesian`.
  public static let name = "bayesian"
  /// The description in lists of strategies.
  public static let summary =
    "models cost and goal by Gaussian processes and tries the largest expected improvement"

  /// The number of assignments in all.
  public var tries = 30
  /// The number of random assignments at the beginning.
  public var initial = 8
  /// The number of assignments in a round.
  public var round = 2
  /// What is maximized for a front of several objectives.
  public var acquisition = Acquisition.scalarization

  /// What says how promising a place is for a front.
  public enum Acquisition: String, Sendable, SettingChoice {
    /// The expected improvement of a randomly weighted sum, for any number of objectives.
    case scalarization
    /// The expected improvement of the hypervolume, for two objectives.
    case hypervolume
  }

  /// The reference of the hypervolume on the scale of the observations, whose largest value is 1.
  private static let reference = 1.1

  /// The number of places at which the improvement is evaluated: random ones, and neighbours of the best so
  /// far.
  private static let (drawn, near) = (512, 128)
  // The number of best points that have neighbours, and the standard deviation of a neighbour's step.
  private static let (best, step) = (4, 0.1)

  /// Makes a strategy with the default settings.
  public init() {}

  /// Settings: `tries`, `initial`, `round`, `acquisition`.
  public static var settings: [Setting<BayesianSearch>] {
    [
      Setting("tries", \.tries, in: 1...2000, "combinations that are tried in all"),
      Setting("initial", \.initial, in: 2...1000, "combinations that are drawn at random first"),
      Setting("round", \.round, in: 1...100, "combinations that are tried in a round"),
      Setting(
        "acquisition", \.acquisition,
        "what is maximized for a front: scalarization, the improvement of a randomly weighted sum, or hypervolume, its expected "
          + "improvement, for two objectives"
      ).omittedAsDefault(),
    ]
  }

  /// The setting `tries`.
  public func tries(in space: SearchSpace) -> Int { tries }

  /// True: each proposal takes random weights of the objectives, or models both.
  public var takesFronts: Bool { true }

  /// Refuses the hypervolume for other than two objectives.
  public func refusal(ofObjectives count: Int) -> String? {
    acquisition == .hypervolume && count != 2
      ? "with \"acquisition: hypervolume\" is for a front of two objectives, found \(count); take \"scalarization\""
      : nil
  }

  /// The rest of the present round: random assignments in the first, the most promising ones in later rounds.
  public func ask(_ count: Int, _ search: SearchState) -> [Assignment] {
    propose(count, search).map(\.assignment)
  }

  /// Proposes the assignments of `ask`, each with the observation that it lies next to.
  public func propose(_ count: Int, _ search: SearchState) -> [Proposal] {
    let first = min(initial, tries)
    let start = search.roundStart(first: first, size: round)
    let done = search.observations.count
    guard done < tries, count > 0 else { return [] }
    let variables = search.space.variables
    let before = Array(search.observations[..<start])
    var seen = before.enumerated().map { Seen($0.element, variables, number: $0.offset) }
    let scale = search.isOfFront ? ObjectiveScale(before) : nil
    let isOfHypervolume = acquisition == .hypervolume && scale != nil
    if let scale, isOfHypervolume {
      for (place, observation) in before.enumerated() {
        seen[place].objectives = scale.values(of: observation)
      }
    }
    var known = before.map(\.assignment)
    let proposed = (0..<min(start == 0 ? first : round, tries - start)).map { number in
      var random = search.random.refined(by: start + number)
      guard start > 0 else {
        return Proposal(Assignment(variables.map { $0.value(at: $0.drawnPlace(&random)) }))
      }
      if let scale {
        let weights = scale.drawnWeights(&random)
        for (place, observation) in before.enumerated() {
          seen[place].cost = scale.cost(of: observation, weights)
        }
      }
      let candidates = Self.candidates(seen, variables, known, &random)
      var next =
        isOfHypervolume
        ? Self.nextOfFront(among: candidates, seen) : Self.next(among: candidates, seen)
      known.append(next.assignment)
      next.number = start + number
      // Of several objectives one cost alone was predicted, which means nothing under other weights.
      if scale == nil || isOfHypervolume { seen.append(next) }
      return Proposal(next.assignment, parent: next.parent)
    }
    return Array(proposed.dropFirst(done - start).prefix(count))
  }

  /// A combination with its outcome, observed or predicted.
  struct Seen {
    var assignment: Assignment
    var point: [Double]
    /// The logarithm of the cost; `nil` where there was no student.
    var cost: Double?
    /// The degree to which it met the goal: 1 for met, 0 for missed, between for a prediction.
    var met: Double
    /// Both objectives on the scale of the front, observed or predicted; `nil` without a student, or if unused.
    var objectives: [Double]?
    /// The index of the observation, also of a proposal of this round; `nil` for other candidates.
    var number: Int?
    /// The observation around which it was drawn.
    var parent: Int?

    init(assignment: Assignment, point: [Double], cost: Double?, met: Double, parent: Int? = nil) {
      (self.assignment, self.point, self.cost, self.met) = (assignment, point, cost, met)
      self.parent = parent
    }

    init(_ observation: SearchObservation, _ variables: [SearchVariable], number: Int) {
      self.number = number
      assignment = observation.assignment
      point = zip(variables, observation.assignment.values).map { $0.place(of: $1) ?? 0 }
      let hasStudent = observation.miss.isFinite && observation.cost.isFinite
      cost = hasStudent ? Self.scaled(observation.cost) : nil
      met = observation.meetsGoal ? 1 : 0
    }

    /// The logarithm of a cost: bytes and shortfalls span orders of magnitude.
    private static func scaled(_ cost: Double) -> Double { Foundation.log(max(cost, 1e-6)) }
  }

  /// The candidate of which most is expected, with what is expected of it.
  static func next(among candidates: [Seen], _ seen: [Seen]) -> Seen {
    let points = candidates.map(\.point)
    let told = seen.filter { $0.cost != nil }
    let costs = GaussianProcess(told.map(\.point), told.compactMap(\.cost))?.predictions(at: points)
    let goals = goals(at: points, seen)
    let least = seen.filter { $0.met == 1 }.compactMap(\.cost).min()
    var best: (index: Int, value: Double)?
    for index in candidates.indices {
      var value = goals.map { Self.chance($0[index]) } ?? 1
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

  /// The candidate that is expected to add most to the hypervolume of two objectives, with its predictions.
  private static func nextOfFront(among candidates: [Seen], _ seen: [Seen]) -> Seen {
    let points = candidates.map(\.point)
    let told = seen.filter { $0.objectives != nil }
    let models = (0..<2).compactMap { axis in
      GaussianProcess(told.map(\.point), told.compactMap { $0.objectives?[axis] })?.predictions(at: points)
    }
    let goals = goals(at: points, seen)
    let met = seen.filter { $0.met == 1 }.compactMap(\.objectives).map { (first: $0[0], second: $0[1]) }
    let front = ExpectedHypervolume(met, reference: (reference, reference))
    var best: (index: Int, value: Double)?
    for index in candidates.indices {
      var value = goals.map { Self.chance($0[index]) } ?? 1
      if !met.isEmpty, models.count == 2 {
        value *= front.improvement(models[0][index], models[1][index])
      }
      if value.isFinite, best.map({ value > $0.value }) ?? true { best = (index, value) }
    }
    let index = best?.index ?? 0
    var chosen = candidates[index]
    if models.count == 2 { chosen.objectives = models.map { $0[index].mean } }
    chosen.met = goals.map { $0[index].mean >= 0.5 ? 1 : 0 } ?? 1
    return chosen
  }

  /// The predicted degrees to which places meet the goal; `nil` while all do.
  private static func goals(at points: [[Double]], _ seen: [Seen]) -> [ExpectedHypervolume.Normal]? {
    if seen.allSatisfy({ $0.met == 1 }) { return nil }
    return GaussianProcess(seen.map(\.point), seen.map(\.met))?.predictions(at: points)
  }

  /// The probability that a place meets the goal.
  private static func chance(_ goal: ExpectedHypervolume.Normal) -> Double {
    cumulative((goal.mean - 0.5) / goal.deviation)
  }

  /// Random places over the whole space, and neighbours of the best points; each assignment once.
  private static func candidates(
    _ seen: [Seen], _ variables: [SearchVariable], _ known: [Assignment], _ random: inout SeededRandom
  ) -> [Seen] {
    var places: [(place: [Double], parent: Int?)] = (0..<drawn).map { _ in
      (variables.map { $0.drawnPlace(&random) }, nil)
    }
    let best = seen.filter { $0.cost != nil }
      .sorted { ($1.met, $0.cost ?? 0) < ($0.met, $1.cost ?? 0) }.prefix(Self.best)
    for number in 0..<near where !best.isEmpty {
      let parent = best[number % best.count]
      var place = parent.point
      for axis in place.indices where place.count == 1 || random.below(2) == 0 {
        place[axis] =
          variables[axis].isOrdered
          ? min(max(place[axis] + step * Double(random.normal()), 0), 1) : variables[axis].drawnPlace(&random)
      }
      places.append((place, parent.number))
    }
    let all = places.map { place, parent in
      // A place that rounds to a value is that value's.
      let assignment = Assignment(zip(variables, place).map { $0.value(at: $1) })
      let point = zip(variables, assignment.values).map { $0.place(of: $1) ?? 0 }
      return Seen(assignment: assignment, point: point, cost: nil, met: 0, parent: parent)
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

  /// The distribution function of the standard normal distribution.
  private static func cumulative(_ value: Double) -> Double { 0.5 * Foundation.erfc(-value / 2.squareRoot()) }
}

/// A scalarization of several objectives to one cost.
struct ObjectiveScale {
  /// The least and the largest observed value of each objective, on its scale.
  private let ends: [(low: Double, high: Double)]
  /// True for objectives on a logarithmic scale: positive values that span at most `widestSpan`.
  private let areLogarithms: [Bool]
  private static let widestSpan = 1e4
  /// The weight of the sum in the augmented Chebyshev norm; without it, weakly dominated points could cost as little.
  private static let sumShare = 0.05

  init(_ observations: [SearchObservation]) {
    let finite = observations.map(\.objectives).filter { !$0.isEmpty && $0.allSatisfy(\.isFinite) }
    let axes = (finite.first ?? []).indices
    let spans = axes.map { axis in
      let values = finite.map { $0[axis] }
      return (low: values.min() ?? 0, high: values.max() ?? 0)
    }
    let areLogarithms = spans.map { $0.low > 0 && $0.high <= Self.widestSpan * $0.low }
    self.areLogarithms = areLogarithms
    ends = zip(spans, areLogarithms).map { span, isLogarithm in
      isLogarithm ? (Foundation.log(span.low), Foundation.log(span.high)) : span
    }
  }

  /// Draws weights of sum 1, uniformly from the simplex.
  func drawnWeights(_ random: inout SeededRandom) -> [Double] {
    let drawn = ends.map { _ in -Foundation.log(max(Double(random.next() >> 11) * 0x1p-53, 1e-12)) }
    let sum = drawn.reduce(0, +)
    return drawn.map { $0 / sum }
  }

  /// The objectives as shares of the observed ranges, 0…1; `nil` without a student.
  func values(of observation: SearchObservation) -> [Double]? {
    let values = observation.objectives
    guard values.count == ends.count, !values.isEmpty, values.allSatisfy(\.isFinite) else { return nil }
    return values.indices.map { axis in
      let value = areLogarithms[axis] ? Foundation.log(values[axis]) : values[axis]
      let (low, high) = ends[axis]
      return high > low ? (value - low) / (high - low) : 0
    }
  }

  /// The augmented Chebyshev norm of the weighted objectives; `nil` without a student.
  func cost(of observation: SearchObservation, _ weights: [Double]) -> Double? {
    guard let values = values(of: observation) else { return nil }
    let parts = zip(weights, values).map { $0 * $1 }
    return (parts.max() ?? 0) + Self.sumShare * parts.reduce(0, +)
  }
}
