import Tensors
import TestSupport
import Testing

@testable import Methods

@Suite("K-means on numbers")
struct LinearKMeansTests {
  /// The least squared error of any partition into at most `count` clusters, by dynamic programming over
  /// sorted numbers.
  private func optimum(_ values: [Float], count: Int) -> Double {
    let sorted = values.sorted().map(Double.init)
    func error(_ range: Range<Int>) -> Double {
      let mean = sorted[range].reduce(0, +) / Double(range.count)
      return sorted[range].reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    }
    var best = (1...sorted.count).map { error(0..<$0) }
    for _ in 1..<count {
      best = (1...sorted.count).map { end in
        (1..<max(end, 1)).reduce(best[end - 1]) { min($0, best[$1 - 1] + error($1..<end)) }
      }
    }
    return best[sorted.count - 1]
  }

  private func error(_ values: [Float], _ means: LinearKMeans) -> Double {
    values.reduce(0) {
      let difference = Double($1) - Double(means.centroids[means.cluster(of: $1)])
      return $0 + difference * difference
    }
  }

  @Test("Separate clusters are found exactly")
  func separated() {
    let values: [Float] = [5, -3, 5.5, -3.5, 0.25, 4.5, 0.75, -2.5]
    let means = LinearKMeans(values, count: 3)
    #expect(means.centroids == [-3, 0.5, 5])
    #expect(values.map(means.cluster) == [2, 0, 2, 0, 1, 2, 1, 0])
    #expect(abs(error(values, means) - optimum(values, count: 3)) < 1e-9)
  }

  @Test(
    "No better than the optimum, at most half as much again on spread numbers, and a fixed point",
    arguments: 1...12)
  func againstOptimum(seed: Int) {
    let values = Tensor(random: [40], seed: UInt64(seed)).values
    let count = 2 + seed % 5
    let means = LinearKMeans(values, count: count)
    let least = optimum(values, count: count)
    #expect(error(values, means) >= least - 1e-9)
    #expect(error(values, means) <= 1.5 * least)
    for cluster in means.centroids.indices {
      let members = values.filter { means.cluster(of: $0) == cluster }
      let mean = members.reduce(0) { $0 + Double($1) } / Double(members.count)
      #expect(abs(mean - Double(means.centroids[cluster])) < 1e-6)
    }
    for value in values {
      let nearest = means.centroids.map { abs($0 - value) }.min() ?? 0
      #expect(abs(means.centroids[means.cluster(of: value)] - value) <= nearest + 1e-6)
    }
  }

  @Test("As many centroids as different numbers cost nothing; clusters without members vanish")
  func degenerate() {
    let values: [Float] = [2, 2, 2, 7, 7, -1]
    let means = LinearKMeans(values, count: 16)
    #expect(means.centroids == [-1, 2, 7])
    #expect(error(values, means) == 0)
    #expect(LinearKMeans([4], count: 8).centroids == [4])
    #expect(LinearKMeans([1, 2, 6], count: 1).centroids == [3])
  }

  @Test(
    "With weights of numbers the centroids are those of numpy, not those of equal numbers",
    arguments: [
      (2, [-0.4738806, 2.5307692], 13.4965055), (3, [-1.5681818, 0.0611111, 2.5307692], 3.6903506),
      (4, [-1.5681818, 0.0611111, 1.75, 2.9878049], 0.7910307),
    ])
  func weighted(count: Int, centroids: [Double], error: Double) {
    // Lloyd's iterations in numpy; no partition at all has a smaller weighted error.
    let values: [Float] = [-2, -1.5, -1.25, -0.25, 0.0625, 0.5, 0.75, 1.75, 2.5, 3]
    let importance = [1, 4, 0.5, 2, 8, 1, 0.25, 3, 0.125, 5]
    var random = SeededRandom(seed: 0, purpose: "none")
    let means = LinearKMeans(values, importance: importance, count: count, random: &random)
    #expect(means.centroids.count == count)
    #expect(zip(means.centroids, centroids).allSatisfy { abs(Double($0) - $1) < 1e-6 })
    let found = zip(values, importance).reduce(0) {
      let difference = Double($1.0) - Double(means.centroids[means.cluster(of: $1.0)])
      return $0 + $1.1 * difference * difference
    }
    #expect(abs(found - error) < 1e-6)
    #expect(LinearKMeans(values, count: count).centroids != means.centroids)
    let alike = LinearKMeans(
      values, importance: values.map { _ in 3 }, count: count, random: &random)
    let plain = LinearKMeans(values, count: count).centroids
    #expect(zip(alike.centroids, plain).allSatisfy { abs($0 - $1) < 1e-6 })
    let free = LinearKMeans(values, importance: values.map { _ in 0 }, count: count, random: &random)
    #expect(free.centroids == plain)
  }

  @Test("Starts differ: one far number takes a centroid from its neighbours where they are spread evenly")
  func starts() {
    let values: [Float] = [0, 1, 2, 3, 4, 5, 6, 7, 100]
    var random = SeededRandom(seed: 1, purpose: "start")
    // By hand, a linear start has centroids 0, 50 and 100, of which 50 gets no member. A start by density has
    // 1, which Lloyd's iterations move.
    #expect(LinearKMeans(values, count: 3).centroids == [3.5, 100])
    #expect(
      LinearKMeans(values, count: 3, start: .density, random: &random).centroids == [1.5, 5.5, 100])
    var found: Set<[Float]> = []
    for seed in 0..<20 {
      var first = SeededRandom(seed: UInt64(seed), purpose: "start")
      var again = first
      let means = LinearKMeans(values, count: 3, start: .random, random: &first)
      #expect(
        means.centroids == LinearKMeans(values, count: 3, start: .random, random: &again).centroids)
      for cluster in means.centroids.indices {
        let members = values.filter { means.cluster(of: $0) == cluster }
        #expect(means.centroids[cluster] == members.reduce(0, +) / Float(members.count))
      }
      found.insert(means.centroids)
    }
    #expect(found.count > 1)
  }
}
