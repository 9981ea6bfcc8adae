import Foundation
import Settings
import Tensors
import Testing

@testable import Trials

@Suite("Searches that cut trainings short")
struct HalvingTests {
  private static func space(epochs: Int) -> SearchSpace {
    SearchSpace(
      [SearchVariable(stage: 0, setting: "x", domain: .real(0...1, .linear))],
      budget: SearchSpace.Budget(stage: 0, epochs: epochs))
  }

  @Test("Brackets of 81 epochs are those of the paper's algorithm, rung by rung")
  func table() {
    let brackets = Hyperband().brackets(Self.space(epochs: 81))
    func rungs(_ counts: [Int], from epochs: Int) -> [HalvingBracket.Rung] {
      counts.enumerated().map { step, count in
        HalvingBracket.Rung(count: count, epochs: epochs * Int(pow(3, Double(step))))
      }
    }
    // n = ⌈5 / (s + 1) · 3^s⌉ and ⌊n / 3^i⌋ of them.
    #expect(
      brackets.map(\.rungs) == [
        rungs([81, 27, 9, 3, 1], from: 1), rungs([34, 11, 3, 1], from: 3), rungs([15, 5, 1], from: 9),
        rungs([8, 2], from: 27), rungs([5], from: 81),
      ])
    var halving = SuccessiveHalving()
    halving.tries = 9
    #expect(
      halving.bracket(Self.space(epochs: 20)).rungs == [
        HalvingBracket.Rung(count: 9, epochs: 2), HalvingBracket.Rung(count: 3, epochs: 7),
        HalvingBracket.Rung(count: 1, epochs: 20),
      ])
    #expect(halving.tries(in: Self.space(epochs: 20)) == 13)
    #expect(SuccessiveHalving().refusal(of: SearchSpace(Self.space(epochs: 1).variables)) != nil)
    halving.leastEpochs = 21
    #expect(halving.refusal(of: Self.space(epochs: 20))?.contains("21 epochs") == true)
  }

  /// Losses that fall to |x - 0.3| with epochs, those near the best more slowly.
  private static func loss(_ x: Double, _ epochs: Int) -> Double {
    abs(x - 0.3) + 0.5 / Double(epochs + 1)
  }

  private static func observations(
    _ strategy: any SearchStrategy, epochs: Int, seed: UInt64, most: Int = .max,
    fails: (Int) -> Bool = { _ in false }
  ) -> [(proposal: Proposal, cost: Double)] {
    let space = space(epochs: epochs)
    var search = SearchState(
      space: space, prefersStrong: false, random: SeededRandom(seed: seed, purpose: "search"))
    var told: [(proposal: Proposal, cost: Double)] = []
    while true {
      let next = strategy.propose(min(most, strategy.tries(in: space)), search)
      if next.isEmpty { return told }
      for proposal in next {
        let x = (try? proposal.assignment.values[0].number("x")) ?? .nan
        let cost = loss(x, proposal.epochs ?? epochs)
        let isLost = fails(told.count)
        search.observations.append(
          SearchObservation(
            proposal.assignment, meetsGoal: !isLost, cost: cost, miss: isLost ? .infinity : 0))
        told.append((proposal, cost))
      }
    }
  }

  @Test(
    "The best of each rung go on, with the settings and from the trial that they had; the last has all epochs"
  )
  func rungs() throws {
    let told = Self.observations(SuccessiveHalving(), epochs: 9, seed: 1)
    #expect(told.count == 27 + 9 + 3)
    let first = told[..<27]
    #expect(first.allSatisfy { $0.proposal.epochs == 1 && $0.proposal.continues == nil })
    let best = first.sorted { $0.cost < $1.cost }.prefix(9).map(\.proposal.assignment)
    #expect(told[27..<36].map(\.proposal.assignment) == best)
    for (place, entry) in told.enumerated().dropFirst(27) {
      let before = try #require(entry.proposal.continues)
      #expect(before < place && told[before].proposal.assignment == entry.proposal.assignment)
    }
    #expect(
      told[27..<36].allSatisfy { $0.proposal.epochs == 3 }
        && told.suffix(3).allSatisfy { $0.proposal.epochs == nil })
    // As many epochs find more than random search does: 27 + 9·2 + 3·6 are 7 whole trainings.
    var gained = 0
    for seed in UInt64(0)..<20 {
      let own = Self.observations(SuccessiveHalving(), epochs: 9, seed: seed).map(\.cost).min() ?? 1
      var random = RandomSearch()
      random.tries = 7
      let other = Self.observations(random, epochs: 9, seed: seed).map(\.cost).min() ?? 1
      if own <= other { gained += 1 }
    }
    #expect(gained >= 17, "\(gained) of 20")
  }

  @Test(
    "Rounds are of finished rungs: one at a time it is the same, and what made no student goes no further")
  func purity() {
    for strategy in [SuccessiveHalving(), Hyperband()] as [any SearchStrategy] {
      let whole = Self.observations(strategy, epochs: 27, seed: 3).map(\.proposal)
      #expect(Self.observations(strategy, epochs: 27, seed: 3, most: 1).map(\.proposal) == whole)
      #expect(whole.count == strategy.tries(in: Self.space(epochs: 27)))
    }
    let told = Self.observations(SuccessiveHalving(), epochs: 9, seed: 3) { $0 < 25 }
    #expect(told.count == 27 + 2 + 2)
    let none = Self.observations(SuccessiveHalving(), epochs: 9, seed: 3) { _ in true }
    #expect(none.count == 27)
  }
}
