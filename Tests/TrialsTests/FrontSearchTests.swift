import Execution
import Foundation
import Metrics
import Readings
import Runs
import Settings
import Tensors
import Testing

@testable import Trials

@Suite("Searches for fronts")
struct FrontSearchTests {
  /// ZDT1 of four variables: f1 = x1, f2 = g · (1 - √(f1 / g)), g = 1 + 9 · mean(x2…); the front is f2 = 1 - √f1, where g is 1.
  ///
  /// Zitzler, Deb, Thiele, "Comparison of multiobjective evolutionary algorithms: empirical results", 2000.
  private static let zdt1 = SearchSpace(
    (0..<4).map { SearchVariable(stage: 0, setting: "x\($0)", domain: .integer(0...20)) })

  @Sendable private static func zdt1(_ assignment: Assignment) -> [Double] {
    let x = zip(zdt1.variables, assignment.values).map { $0.place(of: $1) ?? 0 }
    let g = 1 + 9 * x.dropFirst().reduce(0, +) / Double(x.count - 1)
    return [x[0], g * (1 - (x[0] / g).squareRoot())]
  }

  /// DTLZ2 of three objectives and five variables: the front is the unit sphere's eighth.
  private static let dtlz2 = SearchSpace(
    (0..<5).map { SearchVariable(stage: 0, setting: "x\($0)", domain: .integer(0...10)) })

  @Sendable private static func dtlz2(_ assignment: Assignment) -> [Double] {
    let x = zip(dtlz2.variables, assignment.values).map { $0.place(of: $1) ?? 0 }
    let g = x.dropFirst(2).reduce(0) { $0 + ($1 - 0.5) * ($1 - 0.5) }
    let (a, b) = (x[0] * Double.pi / 2, x[1] * Double.pi / 2)
    return [(1 + g) * cos(a) * cos(b), (1 + g) * cos(a) * sin(b), (1 + g) * sin(a)]
  }

  private typealias Problem = (
    space: SearchSpace, objectives: @Sendable (Assignment) -> [Double], reference: [Double]
  )
  private static let problems: [Problem] = [
    (zdt1, zdt1, [1, 10]), (dtlz2, dtlz2, [2, 2, 2]),
  ]

  /// All that a strategy tries, told round by round.
  private static func observations(
    _ strategy: any SearchStrategy, _ problem: Int, seed: UInt64, most: Int = .max,
    miss: ([Double]) -> Double = { _ in 0 }
  ) -> [SearchObservation] {
    let problem = problems[problem]
    var search = SearchState(
      space: problem.space, prefersStrong: false, random: SeededRandom(seed: seed, purpose: "search"))
    search.isOfFront = true
    while true {
      let left = min(most, strategy.tries(in: problem.space) - search.observations.count)
      let next = left > 0 ? strategy.propose(left, search) : []
      if next.isEmpty { return search.observations }
      for proposal in next {
        let values = problem.objectives(proposal.assignment)
        var observation = SearchObservation(
          proposal.assignment, meetsGoal: miss(values) == 0, cost: 0, miss: miss(values))
        observation.objectives = values
        search.observations.append(observation)
      }
    }
  }

  private static func volume(_ observations: [SearchObservation], _ problem: Int) -> Double {
    Hypervolume.dominatedShare(
      observations.filter(\.meetsGoal).map { observation in
        zip(observation.objectives, problems[problem].reference).map { $0 / $1 }
      })
  }

  /// ZDT1's front at all values of the first variable, as shares of the reference.
  private static var frontOfZDT1: [[Double]] {
    (0...20).map { step in
      let first = Double(step) / 20
      return [first, (1 - first.squareRoot()) / 10]
    }
  }

  /// DTLZ2's front at all angles.
  private static var frontOfDTLZ2: [[Double]] {
    var points: [[Double]] = []
    for first in 0...10 {
      for second in 0...10 {
        let (a, b) = (Double(first) * Double.pi / 20, Double(second) * Double.pi / 20)
        let point = [cos(a) * cos(b), cos(a) * sin(b), sin(a)]
        points.append(point.map { max($0, 0) / 2 })
      }
    }
    return points
  }

  private static func strategies(_ tries: Int) -> [any SearchStrategy] {
    var evolution = AgingEvolution()
    evolution.tries = tries
    evolution.population = 16
    var bayesian = BayesianSearch()
    bayesian.tries = tries
    var morphism = MorphismSearch()
    morphism.tries = tries
    return [evolution, bayesian, morphism]
  }

  @Test(
    "Evolution and Gaussian processes dominate more than chance after as many tries, on two and on three objectives, over 6 seeds",
    arguments: 0..<2)
  func learning(problem: Int) {
    var random = RandomSearch()
    random.tries = 80
    func mean(_ strategy: any SearchStrategy) -> Double {
      (0..<6).reduce(0) {
        $0 + Self.volume(Self.observations(strategy, problem, seed: $1), problem) / 6
      }
    }
    let whole = Hypervolume.dominatedShare(problem == 0 ? Self.frontOfZDT1 : Self.frontOfDTLZ2)
    let missed = whole - mean(random)
    for strategy in Self.strategies(80) {
      let own = whole - mean(strategy)
      #expect(
        own > -1e-9 && own < 0.7 * missed,
        "\(type(of: strategy).name): misses \(own) of \(whole), chance \(missed)")
    }
  }

  /// Gaussian processes of both objectives, with the expected improvement of the hypervolume.
  private static func ofHypervolume(_ tries: Int) -> BayesianSearch {
    var strategy = BayesianSearch()
    strategy.tries = tries
    strategy.acquisition = .hypervolume
    return strategy
  }

  @Test(
    "The expected improvement of the hypervolume finds a front, keeps limits, and follows finished rounds alone"
  )
  func hypervolume() {
    var random = RandomSearch()
    random.tries = 50
    func missed(_ strategy: any SearchStrategy) -> Double {
      (0..<3).reduce(Hypervolume.dominatedShare(Self.frontOfZDT1)) {
        $0 - Self.volume(Self.observations(strategy, 0, seed: $1), 0) / 3
      }
    }
    let (own, chance) = (missed(Self.ofHypervolume(50)), missed(random))
    #expect(own > -1e-9 && own < 0.5 * chance, "misses \(own), chance \(chance)")
    let within = Self.observations(Self.ofHypervolume(40), 0, seed: 1) { max(0, 0.5 - $0[0]) }
    #expect(within.suffix(20).count(where: \.meetsGoal) > 10)
    let whole = Self.observations(Self.ofHypervolume(24), 0, seed: 4)
    #expect(Self.observations(Self.ofHypervolume(24), 0, seed: 4, most: 1) == whole)
    #expect(BayesianSearch().node["acquisition"] == nil)
    #expect(Self.ofHypervolume(24).refusal(ofObjectives: 2) == nil)
    for count in [1, 3] {
      #expect(
        Self.ofHypervolume(24).refusal(ofObjectives: count)?.contains("two objectives, found \(count)")
          == true)
      #expect(BayesianSearch().refusal(ofObjectives: count) == nil)
    }
  }

  /// The area between a set of points and a reference, by a sweep from left to right.
  private static func area(_ points: [(first: Double, second: Double)], _ reference: Double) -> Double {
    let inside = points.filter { $0.first < reference && $0.second < reference }.sorted {
      $0.first < $1.first
    }
    var (sum, least) = (0.0, reference)
    for (index, point) in inside.enumerated() {
      least = min(least, point.second)
      let next = index + 1 < inside.count ? inside[index + 1].first : reference
      sum += (next - point.first) * (reference - least)
    }
    return sum
  }

  @Test("The closed form of the expected improvement is what independent normal draws add on average")
  func closedForm() {
    let fronts: [[(first: Double, second: Double)]] = [
      [], [(0.5, 0.5)], [(0.1, 0.9), (0.4, 0.5), (0.45, 0.6), (0.8, 0.05)],
      [(0.2, 1.5), (0.3, 0.3), (1.2, 0.1)],
    ]
    let places = [
      ((mean: 0.3, deviation: 0.2), (mean: 0.4, deviation: 0.3)),
      ((mean: 0.7, deviation: 0.05), (mean: 0.9, deviation: 0.4)),
      ((mean: -0.2, deviation: 0.5), (mean: 1.3, deviation: 0.5)),
    ]
    for (number, front) in fronts.enumerated() {
      let exact = ExpectedHypervolume(front, reference: (1.1, 1.1))
      let before = Self.area(front, 1.1)
      for (first, second) in places {
        var random = SeededRandom(seed: 5, purpose: "draws", number)
        let draws = 20_000
        var (sum, squares) = (0.0, 0.0)
        for _ in 0..<draws {
          let point = (
            first: first.mean + first.deviation * Double(random.normal()),
            second: second.mean + second.deviation * Double(random.normal())
          )
          let gain = Self.area(front + [point], 1.1) - before
          sum += gain
          squares += gain * gain
        }
        let mean = sum / Double(draws)
        let error = ((squares / Double(draws) - mean * mean) / Double(draws)).squareRoot()
        let found = exact.improvement(first, second)
        #expect(abs(found - mean) < 5 * error + 1e-6, "\(number): \(found), \(mean) ± \(error)")
        // Without doubt it is the gain itself.
        let sure = exact.improvement((first.mean, 1e-9), (second.mean, 1e-9))
        let gain = Self.area(front + [(first: first.mean, second: second.mean)], 1.1) - before
        #expect(abs(sure - gain) < 1e-6)
      }
    }
  }

  @Test("Under a limit the front within it is found: no strategy ends with all candidates outside")
  func limits() {
    // f1 at least 0.5: half of the front.
    for strategy in Self.strategies(60) {
      let all = Self.observations(strategy, 0, seed: 1) { max(0, 0.5 - $0[0]) }
      let within = all.suffix(30).count(where: \.meetsGoal)
      #expect(within > 15, "\(type(of: strategy).name): \(within) of the last 30")
    }
  }

  @Test("What is proposed is a function of finished rounds, however many are asked for at a time")
  func purity() {
    for strategy in Self.strategies(40) {
      let whole = Self.observations(strategy, 0, seed: 4)
      #expect(Self.observations(strategy, 0, seed: 4) == whole)
      #expect(Self.observations(strategy, 0, seed: 4, most: 1) == whole)
      #expect(Self.observations(strategy, 0, seed: 5) != whole)
    }
  }

  @Test(
    "A child differs from the parent that it names: by one setting of morphisms, and is drawn around it by processes"
  )
  func lineage() {
    for strategy in Self.strategies(40) {
      var search = SearchState(
        space: Self.zdt1, prefersStrong: false, random: SeededRandom(seed: 2, purpose: "search"))
      search.isOfFront = true
      var derived = 0
      while true {
        let next = strategy.propose(40 - search.observations.count, search)
        if next.isEmpty { break }
        for proposal in next {
          if let parent = proposal.parent {
            let before = search.observations[parent].assignment
            let changed = zip(before.values, proposal.assignment.values).count { $0 != $1 }
            if strategy is MorphismSearch { #expect(changed == 1) }
            #expect(proposal.inherits == (strategy is MorphismSearch))
            derived += 1
          }
        }
        for proposal in next {
          var observation = SearchObservation(proposal.assignment, meetsGoal: true, cost: 0)
          observation.objectives = Self.zdt1(proposal.assignment)
          search.observations.append(observation)
        }
      }
      #expect(derived > 5, "\(type(of: strategy).name)")
    }
  }

  @Test("Proposing takes milliseconds at 500 observations of three objectives")
  func cost() {
    for strategy in Self.strategies(600) {
      var search = SearchState(
        space: Self.dtlz2, prefersStrong: false, random: SeededRandom(seed: 2, purpose: "search"))
      search.isOfFront = true
      var random = SeededRandom(seed: 9, purpose: "points")
      search.observations = (0..<500).map { _ in
        let assignment = Assignment(Self.dtlz2.variables.map { $0.value(at: $0.drawnPlace(&random)) })
        var observation = SearchObservation(assignment, meetsGoal: true, cost: 0)
        observation.objectives = Self.dtlz2(assignment)
        return observation
      }
      let clock = ContinuousClock()
      var count = 0
      let time = clock.measure { count = strategy.propose(100, search).count }
      let each = time / .seconds(1) / Double(max(1, count))
      // 2 % of a candidate of ten seconds; a busy machine is given ten times that.
      #expect(count > 0 && each < 2, "\(type(of: strategy).name): \(each) s a proposal")
    }
  }

  @Test(
    "Ranks and room are those worked by hand; what misses the limits by less comes before what misses them by more"
  )
  func ranks() {
    let points: [[Double]] = [[1, 4], [2, 2], [4, 1], [3, 3], [5, 5], [0, 0], [0, 1]]
    let misses = [0, 0, 0, 0, 0, 2, 1.0]
    #expect(ParetoRanks.ranks(of: points, misses: misses) == [0, 0, 0, 1, 2, 4, 3])
    // (4 - 1) / 3 + (4 - 1) / 3 for the middle one.
    #expect(ParetoRanks.crowding(of: [[1, 4], [2, 2], [4, 1]]) == [.infinity, 2, .infinity])
    #expect(ParetoRanks.order(of: points, misses: misses) == [0, 2, 1, 3, 4, 6, 5])
  }

  // MARK: Goals

  private static func candidate(
    _ top1: Double?, bytes: Int, ram: Double, fits: Bool = true, failure: String? = nil
  ) -> CandidateResult {
    var result = CandidateResult(
      name: "c", seed: 0, address: String(repeating: "a", count: 64), metric: Top1Accuracy.kind,
      validation: top1, fileBytes: bytes, multiplyAdds: 1, reading: nil, stages: [],
      cost: TrialResult.Cost(trainingImages: 0, seconds: 0), warnings: [])
    result.readings = [
      "uno": Reading(
        basis: .modelled, [.ram: Figure(ram), .latency: Figure(2)], fits: fits,
        reason: fits ? nil : "flash: too small")
    ]
    result.failure = failure
    return result
  }

  private static let ram = SearchQuantity.resource(.ram, target: "uno")
  private static let some = [
    candidate(0.9, bytes: 100, ram: 900), candidate(0.8, bytes: 50, ram: 1000),
    candidate(0.95, bytes: 300, ram: 500), candidate(0.85, bytes: 120, ram: 950),
    candidate(0.99, bytes: 90, ram: 3000), candidate(0.9, bytes: 100, ram: 900),
    candidate(0.99, bytes: 10, ram: 10, fits: false), candidate(nil, bytes: 0, ram: 0, failure: "diverged"),
  ]

  @Test("The front is what no candidate within the limits beats, and rules take of it what they say")
  func picks() throws {
    var goal = FrontGoal(minimizing: [.error, .fileBytes], limits: [Self.ram: 2000])
    #expect(goal.targets == ["uno"])
    #expect(try goal.front(of: Self.some) == [0, 1, 2])
    func taken(_ pick: FrontPick) throws -> Int {
      goal.pick = pick
      var whole = TrialGoal()
      whole.front = goal
      return try whole.best(of: Self.some, teacher: nil).index
    }
    // Shares of the front's extent: (1/3, 1/5), (1, 0), (0, 1).
    #expect(try taken(.knee) == 0)
    #expect(try taken(.least(.error)) == 2)
    #expect(try taken(.least(.fileBytes)) == 1)
    #expect(try (1...3).map { try taken(.number($0)) } == [0, 2, 1])
    #expect(throws: TrialError.self) { try taken(.number(4)) }
  }

  @Test("Misses add up as shares of limits; without any within them the nearest is taken, with the reasons")
  func misses() throws {
    let goal = FrontGoal(minimizing: [.error, .fileBytes], limits: [Self.ram: 500, .error: 0.1])
    let miss = try #require(try goal.miss(of: Self.some[1]))
    #expect(abs(miss.distance - (1 + 1)) < 1e-9)
    #expect(miss.reason.contains("error: 0.2") || miss.reason.contains("error: 0.19"))
    #expect(miss.reason.contains("uno.ramBytes: 1000.0, 500.0 more than 500.0"))
    #expect(try goal.miss(of: Self.some[6])?.reason == "flash: too small")
    var whole = TrialGoal()
    whole.front = goal
    let best = try whole.best(of: [Self.some[1], Self.some[0]], teacher: nil)
    #expect(best.index == 1 && best.miss != nil)
    #expect(throws: TrialError.self) { try whole.best(of: [Self.some[7]], teacher: nil) }
  }

  @Test(
    "Goals of fronts and rewards come back from specifications, and candidates keep what they are read on alone"
  )
  func goals() throws {
    var goal = TrialGoal()
    goal.front = FrontGoal(
      minimizing: [.error, Self.ram], limits: [.fileBytes: 100], profiles: ["uno": "abc"],
      pick: .least(Self.ram))
    var weighed = TrialGoal(target: "uno")
    weighed.reward = TrialGoal.Reward(references: [Self.ram: 1000])
    for goal in [goal, weighed] {
      var spec = TrialSpec(
        name: "s", role: .student, seed: 0, data: "d", dataDigest: "x", validationFraction: 0,
        start: .teacher, stages: [], goal: goal, threads: 1, precision: .f32, instructionSet: "x")
      #expect(try TrialSpec(from: spec.node).goal == goal)
      let address = spec.address
      spec.goal = nil
      #expect(spec.address != address)
    }
    let read = try #require(goal.ofCandidates?.front)
    #expect(read.targets == ["uno"] && read.objectives.isEmpty && read.limits.isEmpty && read.pick == nil)
    #expect(weighed.ofCandidates?.readsAsRows == true)
    #expect(
      ["error", "fileBytes", "uno.ramBytes", "a.b.latencyMs"].map { SearchQuantity(named: $0)?.name } == [
        "error", "fileBytes", "uno.ramBytes", "a.b.latencyMs",
      ])
    #expect([".ramBytes", "uno.ram", "bytes"].allSatisfy { SearchQuantity(named: $0) == nil })
  }

  @Test("A reward weighs accuracy against any quantity: accuracy · (RAM / reference)^w")
  func reward() throws {
    var goal = TrialGoal(target: "uno")
    goal.reward = TrialGoal.Reward(references: [Self.ram: 1000])
    // 0.8 · 1^w = 0.8 and 0.95 · 0.5^-0.07 = 0.99723.
    #expect(abs(1 - goal.shortfall(of: Self.some[1]) - 0.8) < 1e-12)
    #expect(abs(1 - goal.shortfall(of: Self.some[2]) - 0.99723) < 1e-5)
    goal.reward?.references[.fileBytes] = 100
    // · 3^-0.07 = 0.92598.
    #expect(abs(1 - goal.shortfall(of: Self.some[2]) - 0.92342) < 1e-5)
    #expect(try goal.best(of: Array(Self.some[0...2]).map(Self.read), teacher: nil).index == 2)
  }

  /// As a fit's candidate: read on its one target.
  private static func read(_ candidate: CandidateResult) -> CandidateResult {
    var candidate = candidate
    candidate.reading = candidate.readings?["uno"]
    candidate.readings = nil
    return candidate
  }
}
