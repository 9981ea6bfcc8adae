import Tensors
import Testing

@testable import Runs

@Suite("Fronts")
struct ParetoTests {
  @Test("A point is on the front unless another is nowhere worse and somewhere better")
  func front() {
    let points = [
      ParetoPoint(name: "a", coordinates: [0.1, 5]), ParetoPoint(name: "b", coordinates: [0.2, 3]),
      ParetoPoint(name: "c", coordinates: [0.2, 5]), ParetoPoint(name: "twin", coordinates: [0.1, 5]),
    ]
    #expect(ParetoPoint.front(points).map(\.name) == ["a", "b", "twin"])
  }

  @Test("Volumes worked by hand: none, one box, two that overlap, one outside")
  func byHand() {
    #expect(Hypervolume.dominatedShare([]) == 0)
    #expect(Hypervolume.dominatedShare([[0.25]]) == 0.75)
    #expect(Hypervolume.dominatedShare([[0, 0, 0, 0]]) == 1)
    #expect(
      abs(Hypervolume.dominatedShare([[0.5, 0.2], [0.1, 0.6]]) - (0.5 * 0.8 + 0.9 * 0.4 - 0.5 * 0.4)) < 1e-12)
    #expect(Hypervolume.dominatedShare([[0.5, 1], [0.5, 3]]) == 0)
  }

  @Test(
    "The volume is the share of random points that some point of the front dominates", arguments: [1, 4, 12])
  func byChance(count: Int) {
    var random = SeededRandom(seed: 3, purpose: "front", count)
    func point() -> [Double] { (0..<4).map { _ in Double(random.uniform()) } }
    let points = (0..<count).map { _ in point() }
    let draws = 100_000
    let hits = (0..<draws).count { _ in
      let drawn = point()
      return points.contains { zip($0, drawn).allSatisfy { $0 <= $1 } }
    }
    let volume = Hypervolume.dominatedShare(points)
    let deviation = (volume * (1 - volume) / Double(draws)).squareRoot()
    #expect(abs(Double(hits) / Double(draws) - volume) < 4 * deviation)
  }

  @Test("Two figures rank alike if they order every pair the same, ties too")
  func ranksAlike() {
    #expect(TargetStandings.ranksAlike([(1, 10), (2, 30), (2, 30), (3, 40)]))
    #expect(!TargetStandings.ranksAlike([(1, 10), (2, 9)]))
    #expect(!TargetStandings.ranksAlike([(1, 10), (1, 11)]))
    #expect(!TargetStandings.ranksAlike([(1, 10)]))
  }
}
