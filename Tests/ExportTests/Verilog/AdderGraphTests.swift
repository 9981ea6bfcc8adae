import Tensors
import Testing

@testable import Export

@Suite("Constant matrices as additions")
struct AdderGraphTests {
  private func matrix(_ rows: Int, _ columns: Int, seed: UInt64, _ draw: (inout SeededRandom) -> Int)
    -> [[Int]]
  {
    var random = SeededRandom(seed: seed, purpose: "matrix")
    return (0..<rows).map { _ in (0..<columns).map { _ in draw(&random) } }
  }

  private func expectProduct(_ rows: [[Int]], _ graph: AdderGraph) {
    var random = SeededRandom(seed: 5, purpose: "vector")
    for _ in 0..<20 {
      let x = (0..<rows[0].count).map { _ in random.below(256) - 128 }
      #expect(graph(x) == rows.map { zip($0, x).reduce(0) { $0 + $1.0 * $1.1 } })
    }
  }

  @Test("Digits are the fewest: no two neighbours differ from zero", arguments: -300...300)
  func digits(_ number: Int) {
    let terms = SignedDigits.terms(number)
    #expect(terms.reduce(0) { $0 + ($1.isNegative ? -1 : 1) * (1 << $1.shift) } == number)
    #expect(zip(terms, terms.dropFirst()).allSatisfy { $1.shift - $0.shift >= 2 })
  }

  @Test("Closed forms: 3a + 5b and 5b - 3a share what they can; zeros take nothing")
  func small() {
    #expect(AdderGraph(rows: [[3, 5], [-3, 5]]).adders == 4)
    #expect(AdderGraph(rows: [[0, 0], [4, 0]]).adders == 0)
    #expect(AdderGraph(rows: [[0, 0]]).outputs == [nil])
    // 85 = 5 · 17 takes two additions; its digits alone need three.
    #expect(AdderGraph(rows: [[85]]).adders == 2)
    #expect(AdderGraph(rows: [[1, 1, 1, 1], [1, 1, 1, 1]]).adders == 3)
  }

  @Test("Graphs compute the product", arguments: [(1, 1, 8), (7, 3, 5), (24, 17, 8), (9, 40, 4), (5, 64, 7)])
  func product(rows: Int, columns: Int, bits: Int) {
    let reach = 1 << (bits - 1)
    let rows = matrix(rows, columns, seed: UInt64(bits)) { $0.below(2 * reach) - reach }
    expectProduct(rows, AdderGraph(rows: rows))
  }

  @Test("Matrices too wide for all pairs at once are cut into blocks")
  func blocks() {
    let rows = matrix(12, 400, seed: 9) { $0.below(255) - 127 }
    let graph = AdderGraph(rows: rows)
    expectProduct(rows, graph)
    let digits = rows.joined().reduce(0) { $0 + SignedDigits.terms($1).count } - 12
    #expect(graph.adders < digits * 17 / 20, "\(graph.adders) of \(digits)")
  }

  // da4ml 0.6.0 takes 1,436 to 1,455 and 1,142 to 1,153 additions for five matrices of each kind from
  // numpy.random.default_rng(0).
  @Test("64x32 matrices take at most 1.1 times the additions of da4ml 0.6", arguments: 0..<3)
  func peer(_ seed: UInt64) {
    let integers = matrix(32, 64, seed: seed) { $0.below(16) - 8 }
    let powers = matrix(32, 64, seed: seed) { (1 << $0.below(4)) * ($0.below(2) * 2 - 1) }
    #expect(AdderGraph(rows: integers).adders <= 1_590)
    #expect(AdderGraph(rows: powers).adders <= 1_262)
  }
}
