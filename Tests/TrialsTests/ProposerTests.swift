import Testing
import Trials

@Suite("Proposers")
struct ProposerTests {
  @Test(
    "Bisection comes within 2^-n of the strongest strength that meets the goal", arguments: [0.1, 0.37, 0.8])
  func strongest(limit: Double) {
    var search = Bisection(in: 0...1, tries: 10, prefersStrong: true)
    var best = 0.0
    while let strength = search.ask() {
      if strength <= limit { best = max(best, strength) }
      search.tell(strength, meetsGoal: strength <= limit)
    }
    #expect(best <= limit && limit - best <= 1.0 / 1024)
  }

  @Test("and of the weakest one that fits", arguments: [0.1, 0.37, 0.8])
  func weakest(limit: Double) {
    var search = Bisection(in: 0...1, tries: 10, prefersStrong: false)
    var best = 1.0
    while let strength = search.ask() {
      if strength >= limit { best = min(best, strength) }
      search.tell(strength, meetsGoal: strength >= limit)
    }
    #expect(best >= limit && best - limit <= 1.0 / 1024)
  }
}
