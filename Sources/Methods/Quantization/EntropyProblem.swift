import Foundation
import Tensors

/// Chooses few numbers for a layer's weights so that errors and the entropy of their indices together cost
/// the least.
///
/// **Formula**: `J = Σ h_i (w_i - c_k(i))² - λ Σ log2 p_k(i)`, with `p_k` the share of the weights that
/// belong to cluster k. Lloyd's iterations lower it: each weight goes to the cluster of the least cost, then
/// each centroid becomes the weighted mean of its members, and shares are counted anew. A cluster without
/// members vanishes, so λ decides how many there are.
///
/// **Papers**: Chou, Lookabaugh, Gray, "Entropy-constrained vector quantization", IEEE Trans. ASSP 37(1),
/// 1989; Choi, El-Khamy, Lee, "Towards the limit of network quantization", ICLR 2017, arXiv:1612.01543,
/// algorithm 1.
struct EntropyProblem {
  /// The most rounds, and the share of the cost that a round must save for another one to follow.
  private static let (maximumRounds, leastSaving) = (60, 1e-5)

  /// The numbers in ascending order.
  private let sorted: [Float]
  /// The factors of their squared errors, in the same order.
  private let weights: [Double]
  /// The place at which each was given.
  private let places: [Int]

  /// Takes finite numbers, at least one, with the factors of their squared errors.
  init(_ values: [Float], weights: [Double]) {
    places = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
    sorted = places.map { values[$0] }
    self.weights = places.map { weights[$0] }
  }

  /// The number of numbers.
  var count: Int { sorted.count }
  /// The weighted squared error if all of them were zero.
  var energy: Double {
    zip(sorted, weights).reduce(0) { $0 + Double($1.0) * Double($1.0) * $1.1 }
  }

  /// An assignment of numbers to clusters.
  struct Solution {
    /// The cluster of each number, in the order in which numbers were given.
    let clusters: [Int]
    /// The centroids, ascending; each has members.
    let centroids: [Float]
    /// The weighted squared error.
    let distortion: Double
    /// The entropy of all indices together, in bits.
    let bits: Double
  }

  /// A solution of at most `count` clusters in which a bit costs `lambda`; centroids begin evenly spaced.
  func solution(count: Int, lambda: Double) -> Solution {
    var clusters = Clusters(LinearKMeans.spread(sorted, count: count), members: nil)
    var members = Array(repeating: 0, count: sorted.count)
    var last = Double.infinity
    var cost = (distortion: 0.0, bits: 0.0)
    for _ in 0..<Self.maximumRounds {
      assign(&members, to: clusters, lambda: lambda)
      (clusters, members) = recentred(members, clusters.centers.count)
      cost = (distortion(of: members, clusters), clusters.entropyBits)
      let total = cost.distortion + lambda * cost.bits
      guard last - total > Self.leastSaving * total else { break }
      last = total
    }
    var unsorted = Array(repeating: 0, count: sorted.count)
    for (place, member) in zip(places, members) { unsorted[place] = member }
    return Solution(
      clusters: unsorted, centroids: clusters.centers.map { Float($0) }, distortion: cost.distortion,
      bits: cost.bits)
  }

  /// Centroids in ascending order, with the number of their members.
  private struct Clusters {
    let centers: [Double]
    let members: [Int]
    /// The bits of each cluster's index in an ideal code; 0 at first, when all are alike.
    let lengths: [Double]

    init(_ centers: [Double], members: [Int]?) {
      self.centers = centers
      let counts = members ?? centers.map { _ in 1 }
      self.members = counts
      let total = Double(counts.reduce(0, +))
      lengths = members == nil ? centers.map { _ in 0 } : counts.map { log2(total / Double($0)) }
    }

    /// The entropy of all indices together.
    var entropyBits: Double { zip(members, lengths).reduce(0) { $0 + Double($1.0) * $1.1 } }
  }

  /// Gives each number to the cluster of the least cost; of equal costs to the nearest, then the lower.
  private func assign(_ members: inout [Int], to clusters: Clusters, lambda: Double) {
    let centers = clusters.centers
    let prices = clusters.lengths.map { lambda * $0 }
    let least = prices.min() ?? 0
    var nearest = 0
    for (index, value) in sorted.enumerated() {
      let value = Double(value)
      while nearest + 1 < centers.count, centers[nearest + 1] - value < value - centers[nearest] {
        nearest += 1
      }
      let weight = weights[index]
      func error(_ cluster: Int) -> Double {
        weight * (value - centers[cluster]) * (value - centers[cluster])
      }
      var best = (cluster: nearest, cost: error(nearest) + prices[nearest])
      // Errors grow with the distance, so the search ends where even the shortest code would cost more.
      var other = nearest - 1
      while other >= 0 {
        let bound = error(other)
        if bound + least >= best.cost { break }
        if bound + prices[other] < best.cost { best = (other, bound + prices[other]) }
        other -= 1
      }
      other = nearest + 1
      while other < centers.count {
        let bound = error(other)
        if bound + least >= best.cost { break }
        if bound + prices[other] < best.cost { best = (other, bound + prices[other]) }
        other += 1
      }
      members[index] = best.cluster
    }
  }

  /// The clusters that have members, with their means, in order, and the members by their new places.
  private func recentred(_ members: [Int], _ count: Int) -> (Clusters, [Int]) {
    var products = Array(repeating: 0.0, count: count)
    var sums = products
    var plain = products
    var counts = Array(repeating: 0, count: count)
    for (index, cluster) in members.enumerated() {
      products[cluster] += weights[index] * Double(sorted[index])
      sums[cluster] += weights[index]
      plain[cluster] += Double(sorted[index])
      counts[cluster] += 1
    }
    let means = (0..<count).map {
      sums[$0] > 0 ? products[$0] / sums[$0] : plain[$0] / Double(max(counts[$0], 1))
    }
    let used = (0..<count).filter { counts[$0] > 0 }.sorted { (means[$0], $0) < (means[$1], $1) }
    var places = Array(repeating: 0, count: count)
    for (place, cluster) in used.enumerated() { places[cluster] = place }
    return (
      Clusters(used.map { means[$0] }, members: used.map { counts[$0] }), members.map { places[$0] }
    )
  }

  /// The weighted squared error of an assignment.
  private func distortion(of members: [Int], _ clusters: Clusters) -> Double {
    var sum = 0.0
    for (index, cluster) in members.enumerated() {
      let difference = Double(sorted[index]) - clusters.centers[cluster]
      sum += weights[index] * difference * difference
    }
    return sum
  }
}

/// The problems of several layers that share a number of bits.
///
/// With one price of a bit for all, their errors together are least.
struct EntropyBudget {
  /// The share of the bits by which a solution may stay below them.
  private static let tolerance = 0.005
  /// The most prices that are tried.
  private static let tries = 24

  /// The layers, with the most numbers that each may have.
  let problems: [(problem: EntropyProblem, count: Int)]

  /// Solutions with at most `bitsPerWeight` bits of entropy a weight over all layers, as close below as the
  /// search finds.
  ///
  /// The search bisects the price on a logarithmic scale. More bits remain if the weights have few numbers,
  /// all equally frequent, of which no price makes fewer.
  func solutions(bitsPerWeight: Double) -> [EntropyProblem.Solution] {
    let weights = Double(problems.reduce(0) { $0 + $1.problem.count })
    let limit = bitsPerWeight * weights
    // At this price, or at some higher one, all numbers would share one index.
    var upper = max(problems.reduce(0) { $0 + $1.problem.energy } / max(weights, 1), .leastNormalMagnitude)
    var lower = upper * 1e-9
    var best = solutions(lambda: lower)
    guard bits(best) > limit else { return best }
    best = solutions(lambda: upper)
    for _ in 0..<Self.tries where bits(best) > limit {
      upper *= 16
      best = solutions(lambda: upper)
    }
    for _ in 0..<Self.tries where bits(best) < (1 - Self.tolerance) * limit {
      let middle = (lower * upper).squareRoot()
      let found = solutions(lambda: middle)
      if bits(found) > limit {
        lower = middle
      } else {
        upper = middle
        best = found
      }
    }
    return best
  }

  /// Solutions of all layers at a price.
  private func solutions(lambda: Double) -> [EntropyProblem.Solution] {
    problems.map { $0.problem.solution(count: $0.count, lambda: lambda) }
  }

  /// The entropy of all indices.
  private func bits(_ solutions: [EntropyProblem.Solution]) -> Double { solutions.reduce(0) { $0 + $1.bits } }
}
