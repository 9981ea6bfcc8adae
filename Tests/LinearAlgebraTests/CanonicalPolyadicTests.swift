import LinearAlgebra
import Tensors
import Testing

@Suite("Sums of products of vectors")
struct CanonicalPolyadicTests {
  private func factors(_ extents: [Int], rank: Int, seed: UInt64) -> [[Double]] {
    extents.indices.map { axis in
      var random = SeededRandom(seed: seed, purpose: "factor", axis)
      return (0..<extents[axis] * rank).map { _ in Double(random.normal()) }
    }
  }

  /// The sum of products, element by element.
  private func sum(_ factors: [[Double]], _ extents: [Int], rank: Int) -> [Double] {
    (0..<extents.reduce(1, *)).map { place in
      (0..<rank).reduce(0) { sum, term in
        var (rest, product) = (place, 1.0)
        for axis in extents.indices.reversed() {
          product *= factors[axis][rest % extents[axis] * rank + term]
          rest /= extents[axis]
        }
        return sum + product
      }
    }
  }

  private func values(_ result: CanonicalPolyadic, _ extents: [Int]) -> [Double] {
    sum(result.factors.map { $0.values.map(Double.init) }, extents, rank: result.factors[0].shape[1])
  }

  private func lost(_ found: [Double], of truth: [Double]) -> Double {
    let error = zip(found, truth).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    return error / truth.reduce(0) { $0 + $1 * $1 }
  }

  @Test(
    "a tensor of known rank is found again",
    arguments: [
      ([7, 6, 5], 1), ([7, 6, 5], 4), ([12, 8, 3, 3], 3), ([12, 8, 3, 2], 6), ([10, 16, 5, 5], 8),
      ([9, 5], 3),
    ])
  func known(extents: [Int], rank: Int) throws {
    let truth = sum(factors(extents, rank: rank, seed: 2), extents, rank: rank)
    var random = SeededRandom(seed: 1, purpose: "starts")
    let tensor = Tensor(truth.map { Float($0) }, shape: Shape(extents))
    let result = try tensor.canonicalPolyadic(rank: rank, iterations: 1000, starts: 4, random: &random)
    // 1e-4 of the tensor's norm.
    #expect(lost(values(result, extents), of: truth) < 1e-8)
    #expect(abs(result.lost - lost(values(result, extents), of: truth)) < 1e-8)
  }

  @Test("of a matrix it holds as much as the singular values do")
  func matrix() throws {
    var random = SeededRandom(seed: 5, purpose: "matrix")
    let matrix = Tensor((0..<54).map { _ in random.normal() }, shape: [9, 6])
    let squares = try matrix.svd().values.map { $0 * $0 }
    let result = try matrix.canonicalPolyadic(rank: 2, penalty: 0, iterations: 500, random: &random)
    let expected = squares.dropFirst(2).reduce(0, +) / squares.reduce(0, +)
    #expect(abs(result.lost - expected) < 1e-4)
  }

  /// The tensor a⊗a⊗b + a⊗b⊗a + b⊗a⊗a of rank 3, which sums of two products approach without limit, so none
  /// is nearest.
  private var degenerate: Tensor { Tensor([0, 1, 1, 0, 1, 0, 0, 0], shape: [2, 2, 2]) }

  @Test("where no sum is nearest, terms grow and cancel without a penalty, and do not with one")
  func degeneracy() throws {
    func found(_ penalty: Double, _ iterations: Int) throws -> CanonicalPolyadic {
      var random = SeededRandom(seed: 3, purpose: "starts")
      return try degenerate.canonicalPolyadic(
        rank: 2, penalty: penalty, iterations: iterations, tolerance: 0, random: &random)
    }
    // numpy's alternating least squares: the largest term grows to 3.3 times the tensor after 2,000 rounds
    // and 5.8 after 20,000; with a penalty of 0.001 it stays at 1.257.
    let (early, late) = (try found(0, 2000), try found(0, 20_000))
    #expect(abs(early.largestTerm - 3.28) < 0.1 && abs(late.largestTerm - 5.795) < 0.1)
    #expect(late.lost < 0.2 * early.lost)
    for iterations in [2000, 20_000] {
      let bounded = try found(1e-3, iterations)
      #expect(abs(bounded.largestTerm - 1.2570048) < 1e-4)
      #expect(abs(bounded.lost - 0.0013203075) < 1e-6)
    }
  }

  @Test("zeros stay zeros, more terms than are needed do no harm, and the seed decides")
  func edges() throws {
    var random = SeededRandom(seed: 1, purpose: "starts")
    let zeros = try Tensor(zeros: [3, 2, 2]).canonicalPolyadic(rank: 2, random: &random)
    #expect(zeros.lost == 0 && zeros.factors.allSatisfy { $0.values.allSatisfy { $0 == 0 } })
    let truth = sum(factors([4, 3, 2], rank: 1, seed: 9), [4, 3, 2], rank: 1)
    let tensor = Tensor(truth.map { Float($0) }, shape: [4, 3, 2])
    let many = try tensor.canonicalPolyadic(rank: 5, random: &random)
    #expect(lost(values(many, [4, 3, 2]), of: truth) < 1e-8)
    var (first, second) = (SeededRandom(seed: 7, purpose: "a"), SeededRandom(seed: 7, purpose: "a"))
    #expect(
      try tensor.canonicalPolyadic(rank: 2, random: &first).factors
        == tensor.canonicalPolyadic(rank: 2, random: &second).factors)
  }

  @Test("one axis and elements that are not finite are refused")
  func refusals() {
    var random = SeededRandom(seed: 1, purpose: "starts")
    for tensor in [Tensor([1, 2], shape: [2]), Tensor([1, .nan], shape: [1, 2]), Tensor(zeros: [0, 2])] {
      #expect(throws: LinearAlgebraError.self) {
        try tensor.canonicalPolyadic(rank: 1, random: &random)
      }
    }
  }
}
