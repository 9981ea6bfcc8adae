import Execution
import Foundation
import Metrics
import Readings
import Runs
import Settings
import Tensors
import Testing
import Trials

@Suite("Searches")
struct SearchTests {
  private static let unit = SearchSpace(
    [
      SearchVariable(stage: 0, setting: "x", domain: .real(0...1, .linear))
    ], budget: SearchSpace.Budget(stage: 0, epochs: 9))

  private static func state(
    _ space: SearchSpace, prefersStrong: Bool = true, _ observations: [SearchObservation] = []
  ) -> SearchState {
    SearchState(
      space: space, prefersStrong: prefersStrong, observations: observations,
      random: SeededRandom(seed: 3, purpose: "search"),
      latency: LatencyModel(limitMs: 1) { assignment in
        let places = zip(space.variables, assignment.values).map { $0.place(of: $1) ?? 0 }
        return 10 - 9 * places.reduce(0, +) / Double(places.count)
      })
  }

  /// The proposals of a strategy by round, with outcomes from `meets`.
  private static func rounds(
    _ strategy: any SearchStrategy, _ space: SearchSpace, prefersStrong: Bool = true, most: Int = .max,
    meets: (Assignment) -> Bool = { _ in true }
  ) -> [[Assignment]] {
    var rounds: [[Assignment]] = []
    var search = state(space, prefersStrong: prefersStrong)
    while true {
      let next = strategy.ask(min(most, strategy.tries(in: space)), search)
      if next.isEmpty { return rounds }
      rounds.append(next)
      search.observations += next.map { SearchObservation($0, meetsGoal: meets($0), shortfall: 0.1) }
    }
  }

  private static func number(_ assignment: Assignment) -> Double {
    (try? assignment.values[0].number("x")) ?? .nan
  }

  @Test(
    "Bisection comes within 2^-n of the strongest strength that meets the goal", arguments: [0.1, 0.37, 0.8])
  func strongest(limit: Double) {
    var bisection = Bisection()
    bisection.tries = 10
    let asked = Self.rounds(bisection, Self.unit) { Self.number($0) <= limit }.joined().map(Self.number)
    let best = asked.filter { $0 <= limit }.max() ?? 0
    #expect(asked.count == 10 && best <= limit && limit - best <= 1.0 / 1024)
  }

  @Test("and of the weakest one that fits", arguments: [0.1, 0.37, 0.8])
  func weakest(limit: Double) {
    var bisection = Bisection()
    bisection.tries = 10
    let asked = Self.rounds(bisection, Self.unit, prefersStrong: false) { Self.number($0) >= limit }
    let best = asked.joined().map(Self.number).filter { $0 >= limit }.min() ?? 1
    #expect(best >= limit && best - limit <= 1.0 / 1024)
    #expect(asked.allSatisfy { $0.count == 1 })
  }

  @Test("An ascent raises all numbers together while the goal is met, then each alone as far as it goes")
  func ascent() throws {
    var ascent = Ascent()
    ascent.steps = 4
    func climb(prefersStrong: Bool, _ numbers: [[Double]], _ meets: ([Double]) -> Bool) {
      let space = SearchSpace(
        numbers[0].indices.map { SearchVariable(stage: 0, setting: "x\($0)", domain: .real(0...1, .linear)) })
      func values(_ assignment: Assignment) -> [Double] {
        assignment.values.map { (try? $0.number("x")) ?? .nan }
      }
      let rounds = Self.rounds(ascent, space, prefersStrong: prefersStrong) { meets(values($0)) }
      #expect(rounds.map { values($0[0]) } == numbers && rounds.allSatisfy { $0.count == 1 })
      #expect(rounds.count <= ascent.tries(in: space))
    }
    climb(prefersStrong: true, [[0], [0.25], [0.5], [0.75]]) { $0[0] <= 0.6 }
    climb(prefersStrong: true, [[0]]) { _ in false }
    climb(prefersStrong: true, [[0], [0.25], [0.5], [0.75], [1]]) { _ in true }
    climb(
      prefersStrong: true,
      [[0, 0], [0.25, 0.25], [0.5, 0.5], [0.5, 0.25], [0.75, 0.25], [1, 0.25], [1, 0.5]]
    ) { $0[1] <= 0.3 }
    climb(prefersStrong: false, [[0, 0], [0.25, 0.25], [0.5, 0.5]]) { $0[0] + $0[1] >= 0.9 }
    climb(prefersStrong: false, [[0], [0.25], [0.5], [0.75], [1]]) { _ in false }
  }

  /// A space that the strategy can search, of several variables if it accepts them.
  private static func space(for strategy: any SearchStrategy) -> SearchSpace {
    strategy.refusal(of: several) == nil ? several : unit
  }

  @Test(
    "Laws of strategies: no more assignments than said, never more than asked for, each a value of the space; asked again, the same",
    arguments: SearchCatalogue.names)
  func laws(name: String) throws {
    let strategy = try SearchCatalogue.read(name.node)
    let written = SearchCatalogue.write(strategy)
    #expect(try SearchCatalogue.write(SearchCatalogue.read(written)) == written)
    let space = Self.space(for: strategy)
    let meets: (Assignment) -> Bool = { assignment in
      assignment.values[0].canonicalJSON.utf8.reduce(0) { $0 &+ Int($1) } % 2 == 0
    }
    let rounds = Self.rounds(strategy, space, meets: meets)
    let all = Array(rounds.joined())
    #expect(!all.isEmpty && all.count <= strategy.tries(in: space))
    #expect(Self.rounds(strategy, space, meets: meets) == rounds)
    for most in [1, 3] {
      let fewer = Self.rounds(strategy, space, most: most, meets: meets)
      #expect(fewer.allSatisfy { $0.count <= most } && Array(fewer.joined()) == all)
    }
    for (index, variable) in space.variables.enumerated() {
      for value in all.map({ $0.values[index] }) {
        switch variable.domain {
        case .real(let range, _): #expect(range.contains(try value.number("x")))
        case .integer(let range): #expect(range.contains(try value.integer("x")))
        case .choices(let choices): #expect(choices.contains(value))
        }
      }
    }
  }

  private static let several = SearchSpace(
    [
      SearchVariable(stage: 0, setting: "a", domain: .real(1...100, .log)),
      SearchVariable(stage: 1, setting: "b", domain: .integer(2...4)),
      SearchVariable(stage: 1, setting: "c", domain: .choices(["x".node, "y".node])),
    ], budget: SearchSpace.Budget(stage: 0, epochs: 9))

  @Test(
    "A grid is every combination, ends of ranges among them, and of integers and lists no more than there are"
  )
  func grid() throws {
    var grid = GridSearch()
    grid.points = 3
    #expect(grid.tries(in: Self.several) == 3 * 3 * 2)
    let all = Self.rounds(grid, Self.several)
    #expect(all.count == 1)
    let texts = all.joined().map { $0.values.map(\.canonicalJSON).joined(separator: " ") }
    var expected: [String] = []
    for a in [1.0, 10, 100] {
      for b in 2...4 {
        for c in ["x", "y"] {
          expected.append([a.node, b.node, c.node].map(\.canonicalJSON).joined(separator: " "))
        }
      }
    }
    #expect(texts == expected)
    // In rounds of two it is the same grid.
    #expect(Array(Self.rounds(grid, Self.several, most: 2).joined()) == Array(all.joined()))
    grid.points = 100
    #expect(
      grid.refusal(of: SearchSpace([Self.unit.variables[0], Self.unit.variables[0]]))?.contains("10000")
        == true)
  }

  @Test("Random draws cover ranges and values evenly, and are the same however they are asked for")
  func random() throws {
    var random = RandomSearch()
    random.tries = 600
    let all = Array(Self.rounds(random, Self.several).joined())
    #expect(all.count == 600)
    #expect(Array(Self.rounds(random, Self.several, most: 7).joined()) == all)
    let decades = try all.map { try $0.values[0].number("a") }
    #expect(decades.allSatisfy { (1...100).contains($0) })
    // Half of the logarithms are below 10; a binomial of 600 at 1/2 has a standard deviation of 12.2.
    #expect(abs(decades.count { $0 < 10 } - 300) < 60)
    for bits in 2...4 {
      #expect(abs(all.count { $0.values[1] == bits.node } - 200) < 58, "\(bits)")
    }
    #expect(abs(all.count { $0.values[2] == "x".node } - 300) < 60)
  }

  /// A space of two layers that take 6 and 4 ms, minus the removed share.
  private static let layered = SearchSpace(
    [["a"], ["b", "c"]].map { layers in
      SearchVariable(stage: 0, setting: "x", layers: .named(layers), domain: .real(0...0.9, .linear))
    })

  /// The proposals of NetAdapt by round, for networks that take `slowness` times the predicted latency.
  ///
  /// A network loses `shortfall` of its accuracy.
  private static func adapted(
    limit: Double, rounds: Int, slowness: Double = 1, shortfall: (Double, Double) -> Double?
  ) throws -> [[(x: [Double], latency: Double)]] {
    @Sendable func time(_ assignment: Assignment) -> Double? {
      guard let a = try? assignment.values[0].number("x"), let b = try? assignment.values[1].number("x")
      else { return nil }
      return 6 * (1 - a) + 4 * (1 - b)
    }
    var strategy = NetAdapt()
    strategy.rounds = rounds
    var search = SearchState(
      space: layered, prefersStrong: false, random: SeededRandom(seed: 3, purpose: "search"),
      latency: LatencyModel(limitMs: limit, predict: time))
    var asked: [[(x: [Double], latency: Double)]] = []
    while true {
      let next = strategy.ask(100, search)
      if next.isEmpty { return asked }
      var round: [(x: [Double], latency: Double)] = []
      for assignment in next {
        let x = try assignment.values.map { try $0.number("x") }
        let latency = try #require(time(assignment)) * slowness
        round.append((x, latency))
        let lost = shortfall(x[0], x[1])
        search.observations.append(
          SearchObservation(
            assignment, meetsGoal: latency <= limit, validation: lost.map { 1 - $0 }, shortfall: lost,
            latencyMs: latency))
      }
      asked.append(round)
    }
  }

  @Test(
    "NetAdapt asks a round for the smallest step of each layer that saves the round's share, and goes on from the best, until the latency is met",
    arguments: [1.0, 1.7])
  func netadapt(slowness: Double) throws {
    let limit = 5 * slowness
    let rounds = try Self.adapted(limit: limit, rounds: 5, slowness: slowness) { a, b in 0.01 * a + b * b * b
    }
    #expect(rounds.count == 6 && rounds[0].map(\.x) == [[0, 0]])
    var present = rounds[0][0]
    for round in rounds.dropFirst() {
      let wanted = max(limit, present.latency - slowness)
      for (place, candidate) in round.enumerated() {
        // Only one layer changes, by at most one grid step more than necessary.
        let other = 1 - place
        #expect(candidate.x[other] == present.x[other] && candidate.x[place] > present.x[place])
        #expect(candidate.latency <= wanted && candidate.latency > wanted - slowness * 0.005)
      }
      present = try #require(
        round.min { first, second in
          0.01 * first.x[0] + pow(first.x[1], 3) < 0.01 * second.x[0] + pow(second.x[1], 3)
        })
    }
    #expect(present.latency <= limit)
    #expect(Self.layered.variables.map(\.name) == ["x of a", "x of b+c"])
  }

  @Test(
    "A layer that has no more to give is left out; where none has enough each gives all; where nothing is left it ends"
  )
  func exhausted() throws {
    // At most nine tenths of each layer can go, 9 of 10 ms, so a limit of 0.5 cannot be met.
    let rounds = try Self.adapted(limit: 0.5, rounds: 2) { a, b in a + b }
    let all = rounds.joined().map(\.x)
    #expect(all.allSatisfy { $0.allSatisfy { $0 <= 0.9 } })
    #expect(rounds.last?.map(\.x) == [[0.9, 0.9]])
    // If all trainings of a round fail, the search ends.
    #expect(try Self.adapted(limit: 5, rounds: 5) { a, b in a + b == 0 ? 0 : nil }.count == 2)
  }

  @Test("Places are those that values were asked for at")
  func places() {
    for variable in Self.several.variables + Self.layered.variables {
      for place in [0, 0.5, 1] {
        let found = variable.place(of: variable.value(at: place)) ?? .nan
        #expect(abs(found - place) < 0.5 / Double(max(1, (variable.count ?? 1000) - 1)) + 1e-12)
      }
    }
  }

  @Test(
    "A latency that is missed is a miss, once the rest fits; goals of latency are told apart in addresses")
  func latency() throws {
    func candidate(_ milliseconds: Double, fits: Bool = true) -> CandidateResult {
      var result = Self.candidate(0.9, bytes: 10, fits: fits)
      result.reading?[.latency] = Figure(milliseconds)
      return result
    }
    let goal = TrialGoal(target: "uno", latencyMs: 20)
    #expect(try goal.miss(of: candidate(20), teacher: nil) == nil)
    let miss = try #require(try goal.miss(of: candidate(25), teacher: nil))
    #expect(miss.distance == 5 && miss.reason.contains("25.0 ms on uno"))
    #expect(try goal.miss(of: candidate(1, fits: false), teacher: nil)?.reason == "flash: too small")
    #expect(try goal.best(of: [candidate(30), candidate(22)], teacher: nil).index == 1)
  }

  @Test("A variable that descends is gone through from its upper end, the weak one, down")
  func descending() {
    let bits = SearchVariable(stage: 0, setting: "bits", domain: .integer(2...8), descends: true)
    #expect([0, 0.5, 1].map { bits.value(at: $0) } == [8.node, 5.node, 2.node])
    #expect([8, 5, 2].map { bits.place(of: $0.node) } == [0, 0.5, 1])
    // The most bits that fit are sought: 5 and 4 are too many and 3 fits, so the search stays at this border.
    let tried = Self.rounds(Bisection(), SearchSpace([bits]), prefersStrong: false) { assignment in
      (try? assignment.values[0].integer("bits")).map { $0 <= 3 } == true
    }.joined().compactMap { try? $0.values[0].integer("bits") }
    #expect(tried.first == 5 && tried.dropFirst().allSatisfy { (3...4).contains($0) } && tried.contains(3))
  }

  @Test("Bisection refuses what has no halves")
  func refusals() {
    #expect(Bisection().refusal(of: Self.unit) == nil)
    #expect(Bisection().refusal(of: Self.several) != nil)
    let list = SearchSpace([SearchVariable(stage: 0, domain: .choices([1.node, 2.node]))])
    #expect(Bisection().refusal(of: list) != nil && RandomSearch().refusal(of: list) == nil)
  }

  private static func candidate(
    _ top1: Double?, bytes: Int, fits: Bool? = nil, failure: String? = nil
  ) -> CandidateResult {
    var result = CandidateResult(
      name: "c", seed: 0, address: String(repeating: "a", count: 64), metric: Top1Accuracy.kind,
      validation: top1, fileBytes: bytes,
      multiplyAdds: 1,
      reading: fits.map {
        Reading(
          basis: .modelled,
          [
            .flash: Figure(Double(bytes)), .ram: Figure(1), .latency: Figure(1, low: 1, high: 1),
            .energy: Figure(1),
          ], fits: $0, reason: $0 ? nil : "flash: too small")
      }, stages: [], cost: TrialResult.Cost(trainingImages: 0, seconds: 0), warnings: [])
    result.failure = failure
    return result
  }

  @Test("Where less is better a goal allows so many points more, and the least is the most accurate")
  func lessIsBetter() throws {
    let error = MetricKind(
      name: "error", key: "error", isHigherBetter: false, meaning: "the share told wrong")
    func candidate(_ value: Double) -> CandidateResult {
      var result = Self.candidate(value, bytes: 10, fits: true)
      result.metric = error
      return result
    }
    let goal = TrialGoal(accuracyPoints: 2)
    #expect(try goal.miss(of: candidate(0.115), teacher: 0.1) == nil)
    let miss = try #require(try goal.miss(of: candidate(0.15), teacher: 0.1))
    #expect(abs(miss.distance - 0.03) < 1e-12 && miss.reason.contains("above"))
    let fit = TrialGoal(target: "uno")
    #expect(try fit.best(of: [candidate(0.2), candidate(0.1)], teacher: nil).index == 1)
  }

  @Test("With an exponent the latency is no limit: accuracy · (latency / limit)^w decides")
  func reward() throws {
    func candidate(_ top1: Double, ms: Double) -> CandidateResult {
      var result = Self.candidate(top1, bytes: 10, fits: true)
      result.reading?[.latency] = Figure(ms)
      return result
    }
    // Rewards at w = -0.07 and 10 ms: 0.9, 0.92 · 2^-0.07 = 0.8764, and 0.88 · 0.5^-0.07 = 0.9237.
    let all = [candidate(0.9, ms: 10), candidate(0.92, ms: 20), candidate(0.88, ms: 5)]
    let soft = TrialGoal(target: "uno", latencyMs: 10, latencyExponent: -0.07)
    #expect(try soft.best(of: all, teacher: nil).index == 2)
    #expect(abs(1 - soft.shortfall(of: all[1]) - 0.87642) < 1e-5)
    #expect(abs(1 - soft.shortfall(of: all[2]) - 0.92375) < 1e-5)
    #expect(try soft.miss(of: all[1], teacher: nil) == nil)
    let hard = TrialGoal(target: "uno", latencyMs: 10)
    #expect(try hard.best(of: all, teacher: nil).index == 0)
    #expect(try hard.miss(of: all[1], teacher: nil)?.distance == 10)
  }

  @Test("A goal's own limits hold beside the target's, in the resource's unit, and survive their writing")
  func limits() throws {
    func candidate(_ top1: Double, flash: Double, ram: Double) -> CandidateResult {
      var result = Self.candidate(top1, bytes: 10, fits: true)
      result.reading?[.flash] = Figure(flash)
      result.reading?[.ram] = Figure(ram)
      return result
    }
    let goal = TrialGoal(target: "uno", limits: [.flash: 8192, .ram: 2000])
    let all = [
      candidate(0.99, flash: 9000, ram: 1000), candidate(0.98, flash: 8192, ram: 2001),
      candidate(0.9, flash: 8000, ram: 2000),
    ]
    #expect(try goal.best(of: all, teacher: nil).index == 2)
    let flash = try #require(try goal.miss(of: all[0], teacher: nil))
    #expect(flash.distance == 808 && flash.reason.hasPrefix("flash: 9000.0 bytes on uno, 808.0 more"))
    #expect(try goal.miss(of: all[1], teacher: nil)?.reason.hasPrefix("RAM") == true)
    #expect(try TrialGoal(target: "uno").miss(of: all[0], teacher: nil) == nil)
    var unread = all[2]
    unread.reading?[.flash] = nil
    #expect(throws: TrialError.self) { try goal.miss(of: unread, teacher: nil) }
    var spec = TrialSpec(
      name: "s", role: .student, seed: 0, data: "d", dataDigest: "x", validationFraction: 0, start: .teacher,
      stages: [], goal: goal, threads: 1, precision: .f32, instructionSet: "x")
    spec.goal?.readsAsRows = true
    #expect(try TrialSpec(from: spec.node).goal == spec.goal)
  }

  @Test("A candidate's file from before metrics had names is read")
  func candidateBefore() throws {
    let path = FileManager.default.temporaryDirectory.path() + "/candidate-" + UUID().uuidString + ".json"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let result = Self.candidate(0.75, bytes: 10)
    try result.write(to: path)
    let data = try Data(contentsOf: URL(filePath: path))
    var object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    object["schema"] = 1
    object["metric"] = nil
    object["validationTop1"] = object.removeValue(forKey: "validation")
    try JSONSerialization.data(withJSONObject: object).write(to: URL(filePath: path))
    #expect(try CandidateResult.read(path) == result)
  }

  @Test(
    "Of those that keep the accuracy the smallest is taken; where none does, the nearest, with the reason")
  func keeping() throws {
    let goal = TrialGoal(accuracyPoints: 2)
    let all = [
      Self.candidate(0.97, bytes: 50), Self.candidate(0.85, bytes: 10), Self.candidate(0.9, bytes: 30),
    ]
    #expect(try goal.best(of: all, teacher: 0.92).index == 2)
    #expect(try goal.best(of: all, teacher: 0.99).index == 0)
    let missed = try goal.best(of: [all[1], all[2]], teacher: 0.99)
    #expect(missed.index == 1 && missed.miss?.reason.contains("0.9 on validation images is below") == true)
    #expect(throws: TrialError.self) { try goal.best(of: all, teacher: nil) }
  }

  @Test("Of those that fit the most accurate is taken, among equals the largest; diverged trainings never")
  func fitting() throws {
    let goal = TrialGoal(target: "uno", fileBytes: 40)
    let all = [
      Self.candidate(0.99, bytes: 50, fits: true), Self.candidate(0.9, bytes: 20, fits: true),
      Self.candidate(0.9, bytes: 30, fits: true), Self.candidate(0.95, bytes: 35, fits: false),
      Self.candidate(nil, bytes: 0, failure: "stage 1: diverged"),
    ]
    #expect(try goal.best(of: all, teacher: nil).index == 2)
    #expect(try goal.best(of: [all[0], all[4]], teacher: nil).index == 0)
    #expect(throws: TrialError.self) { try goal.best(of: [all[4]], teacher: nil) }
  }

  @Test("A candidate's file survives its writing, and what it cannot be is refused by its field")
  func file() throws {
    let path = FileManager.default.temporaryDirectory.path() + "/condense-candidate-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: path) }
    let candidate = Self.candidate(0.5, bytes: 9, fits: false, failure: nil)
    try candidate.write(to: path)
    #expect(try CandidateResult.read(path) == candidate)
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try Data(text.replacing("\"validation\":0.5", with: "\"validation\":1.5").utf8).write(
      to: URL(filePath: path))
    do {
      _ = try CandidateResult.read(path)
      Issue.record("a rate of 1.5 was believed")
    } catch { #expect("\(error)".contains("validation")) }
  }
}
