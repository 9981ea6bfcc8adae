import Foundation
import Settings
import Tensors
import Testing

@testable import Trials

@Suite("Searches that learn")
struct LearningSearchTests {
  private static let space = SearchSpace([
    SearchVariable(stage: 0, setting: "x", domain: .real(0...1, .linear)),
    SearchVariable(stage: 0, setting: "y", domain: .real(1...100, .log)),
    SearchVariable(stage: 0, setting: "n", domain: .integer(1...8)),
    SearchVariable(stage: 0, setting: "kind", domain: .choices(["a".node, "b".node, "c".node])),
  ])

  /// The result for an assignment: a bowl with its best at 0.7, 20, 3 and "b".
  ///
  /// The goal is met below a plane that keeps the best in.
  private static func observed(_ assignment: Assignment) -> SearchObservation {
    let places = zip(space.variables, assignment.values).map { $0.place(of: $1) ?? 0 }
    let kind = assignment.values[3].content == .string("b") ? 0.0 : 0.3
    let best = [0.7, 0.65, 2.0 / 7]
    let distance = zip(places, best).reduce(kind) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    let excess = places[0] + places[1] - 1.5
    return SearchObservation(
      assignment, meetsGoal: excess <= 0, cost: 0.05 + distance, miss: max(0, excess))
  }

  /// The results of everything that a strategy proposes.
  private static func observations(_ strategy: any SearchStrategy, seed: UInt64) -> [SearchObservation] {
    var search = SearchState(
      space: space, prefersStrong: false, random: SeededRandom(seed: seed, purpose: "search"))
    while true {
      let left = strategy.tries(in: space) - search.observations.count
      let next = left > 0 ? strategy.ask(left, search) : []
      if next.isEmpty { return search.observations }
      search.observations += next.map(observed)
    }
  }

  /// The least cost that met the goal, after each try.
  private static func progress(_ strategy: any SearchStrategy, seed: UInt64) -> [Double] {
    var least = Double.infinity
    return observations(strategy, seed: seed).map { observation in
      if observation.meetsGoal { least = min(least, observation.cost) }
      return least
    }
  }

  private static func mean(_ strategy: any SearchStrategy, after tries: Int) -> Double {
    let seeds = UInt64(0)..<12
    return seeds.reduce(0) { $0 + progress(strategy, seed: $1)[tries - 1] } / Double(seeds.count)
  }

  @Test(
    "Evolution and Gaussian processes are nearer to the best than chance after as many tries, over 12 seeds")
  func learning() {
    var random = RandomSearch()
    random.tries = 60
    var evolution = AgingEvolution()
    evolution.tries = 60
    var bayesian = BayesianSearch()
    bayesian.tries = 60
    let chance = Self.mean(random, after: 60) - 0.05
    for (strategy, share) in [(evolution, 0.7), (bayesian, 0.2)] as [(any SearchStrategy, Double)] {
      let excess = Self.mean(strategy, after: 60) - 0.05
      #expect(excess < share * chance, "\(type(of: strategy).name): \(excess) against \(chance)")
    }
  }

  @Test("What the controller proposes becomes better: its last 60 of 240 against its first, over 6 seeds")
  func controller() {
    var controller = ControllerSearch()
    controller.tries = 240
    var (first, last) = (0.0, 0.0)
    for seed in UInt64(0)..<6 {
      let all = Self.observations(controller, seed: seed).map { $0.cost + $0.miss }
      first += all.prefix(60).reduce(0, +)
      last += all.suffix(60).reduce(0, +)
    }
    #expect(last < 0.7 * first, "\(last) against \(first)")
  }

  @Test(
    "What is proposed is a function of what was observed: asked again it is the same, and jobs change nothing"
  )
  func purity() {
    for strategy in [AgingEvolution(), ControllerSearch(), BayesianSearch()] as [any SearchStrategy] {
      #expect(Self.progress(strategy, seed: 5) == Self.progress(strategy, seed: 5))
      #expect(Self.progress(strategy, seed: 5) != Self.progress(strategy, seed: 6))
    }
  }

  @Test("A space of one combination is searched without end of the program", arguments: 0..<3)
  func single(index: Int) {
    let strategies: [any SearchStrategy] = [AgingEvolution(), ControllerSearch(), BayesianSearch()]
    let space = SearchSpace([SearchVariable(stage: 0, setting: "x", domain: .choices([1.node]))])
    var search = SearchState(space: space, prefersStrong: true, random: SeededRandom(seed: 1, purpose: "s"))
    for _ in 0..<8 {
      let next = strategies[index].ask(5, search)
      search.observations += next.map { SearchObservation($0, meetsGoal: false, shortfall: 0.5) }
    }
    #expect(search.observations.count > 8)
  }

  @Test("Ranks are shares of what was beaten: ties half, misses last")
  func ranks() {
    let assignment = Assignment([1.node])
    let observations = [
      SearchObservation(assignment, meetsGoal: true, cost: 2, miss: 0),
      SearchObservation(assignment, meetsGoal: true, cost: 2, miss: 0),
      SearchObservation(assignment, meetsGoal: true, cost: 1, miss: 0),
      SearchObservation(assignment, meetsGoal: false, cost: 0, miss: 3),
      SearchObservation(assignment, meetsGoal: false, cost: 0, miss: .infinity),
    ]
    #expect(observations.ranks == [0.625, 0.625, 1, 0.25, 0])
  }

  @Test("The controller's gradient is that of finite differences")
  func policyGradient() {
    var policy = RecurrentPolicy(
      choices: [3, 2, 4], hidden: 5, random: SeededRandom(seed: 2, purpose: "policy"))
    for index in policy.parameters.indices { policy.parameters[index] *= 8 }
    let made = [2, 0, 3]
    let (weight, entropyWeight) = (0.7, 0.3)
    var gradient = Array(repeating: 0.0, count: policy.parameters.count)
    policy.addGradient(of: made, weight: weight, entropyWeight: entropyWeight, to: &gradient)
    func value(_ index: Int, _ step: Double) -> Double {
      var moved = policy
      moved.parameters[index] += step
      let found = moved.logProbability(of: made)
      return weight * found.log + entropyWeight * found.entropy
    }
    for index in policy.parameters.indices {
      let difference = (value(index, 1e-5) - value(index, -1e-5)) / 2e-5
      #expect(abs(difference - gradient[index]) < 1e-8, "parameter \(index)")
    }
    #expect(gradient.contains { abs($0) > 1e-3 })
  }

  @Test("A process of two points predicts what the formula by hand does, and is sure where it has looked")
  func process() throws {
    let process = try #require(GaussianProcess([[0.2], [0.9]], [1, 3]))
    let length = process.lengths[0]
    func kernel(_ distance: Double) -> Double {
      let scaled = 5.0.squareRoot() * distance / length
      return (1 + scaled + scaled * scaled / 3) * exp(-scaled)
    }
    // Values are standardized: with mean 2 and deviation 1 they become -1 and 1.
    let (own, cross) = (1 + process.noise, kernel(0.7))
    let (a, b) = (kernel(0.3), kernel(0.4))
    let determinant = own * own - cross * cross
    let mean = 2 + ((-own - cross) * a + (cross + own) * b) / determinant
    let explained = (a * (own * a - cross * b) + b * (own * b - cross * a)) / determinant
    let found = try #require(process.predictions(at: [[0.5], [0.2]]))
    #expect(abs(found[0].mean - mean) < 1e-5)
    #expect(abs(found[0].deviation - (1 - explained).squareRoot()) < 1e-4)
    #expect(found[1].deviation < found[0].deviation && abs(found[1].mean - 1) < 0.2)
  }
}
