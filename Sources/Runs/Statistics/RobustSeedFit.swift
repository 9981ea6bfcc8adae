import Foundation

/// A robust fit of accuracies as `row + seed + noise`, where each row has its own variance of noise.
///
/// Rows that vary far more than the others have little weight in the effects of seeds.
///
/// **Formula** the effects of seeds are weighted means over rows of the residuals about the rows' means, with
/// weights `w = min(1, c s² / v)`; `v` is a row's variance and `s²` the median variance. The start is the
/// median over rows. A row's variance is its sum of squares over its own degrees of freedom: each accuracy
/// counts one, less the row's share in the weights of its seed, and the row's mean takes its part.
struct RobustSeedFit {
  /// The variance of one accuracy about row and seed, in the order of the rows; none for a row that shares no
  /// seed.
  private(set) var noise: [VarianceEstimate]
  /// The variance of the estimated effects of seeds: the true effects, and some noise of the rows.
  private(set) var lift = VarianceEstimate.none
  /// The mean share of each row in the effects of its seeds.
  private(set) var leverage: [Double]

  private static let sweeps = 1_000
  private static let resolution = 1e-15
  private static let rounds = 6
  /// The constant `c`: rows with more than this multiple of the median variance have less weight.
  static let usualCut = 4.0
  private let cut: Double

  private var effects: [Double]
  /// The residuals, rows by seeds, without the means of rows and the effects of seeds.
  private var rest: [[Double?]]
  private let accuracies: [[Double?]]

  init(_ rows: [SeedVariance.Row], cut: Double = RobustSeedFit.usualCut) {
    self.cut = cut
    let seeds = Set(rows.flatMap(\.keys)).sorted()
    accuracies = rows.map { row in seeds.map { row[$0] } }
    rest = accuracies
    effects = [Double](repeating: 0, count: seeds.count)
    noise = rows.map { _ in .none }
    leverage = rows.map { _ in 1 }
    for _ in 0..<Self.rounds { takeOff { Self.median($0.map(\.value)) } }
    var weights = [Double](repeating: 1, count: rows.count)
    let degrees = Self.degrees(rows)
    for round in 0...Self.rounds {
      if round > 0 {
        for _ in 0..<Self.sweeps {
          let change = takeOff { cells in
            cells.reduce(0) { $0 + weights[$1.row] * $1.value } / cells.reduce(0) { $0 + weights[$1.row] }
          }
          if change < Self.resolution { break }
        }
      }
      estimate(weights, degrees)
      weights = reweighted()
    }
    if seeds.count > 1 { lift = VarianceEstimate(of: effects) }
  }

  private typealias Cell = (row: Int, value: Double)

  /// Subtracts the means of rows and a centre of each seed from the residuals; returns the largest change of
  /// an effect.
  @discardableResult
  private mutating func takeOff(_ centre: ([Cell]) -> Double) -> Double {
    for row in rest.indices {
      let mean = rest[row].compactMap(\.self).mean
      rest[row] = rest[row].map { $0.map { $0 - mean } }
    }
    var change = 0.0
    for seed in effects.indices {
      let cells = rest.indices.compactMap { row in rest[row][seed].map { (row: row, value: $0) } }
      guard !cells.isEmpty else { continue }
      let centre = centre(cells)
      for cell in cells { rest[cell.row][seed] = cell.value - centre }
      effects[seed] += centre
      change = max(change, abs(centre))
    }
    return change
  }

  private mutating func estimate(_ weights: [Double], _ total: Double) {
    let sums = effects.indices.map { seed in
      rest.indices.reduce(0) { $0 + (rest[$1][seed] == nil ? 0 : weights[$1]) }
    }
    var own: [Double] = []
    for row in rest.indices {
      let present = effects.indices.filter { rest[row][$0] != nil }
      let shares = present.map { weights[row] / sums[$0] }
      leverage[row] = shares.isEmpty ? 1 : shares.mean
      own.append(
        shares.reduce(0) { $0 + 1 - $1 } * Double(max(0, present.count - 1)) / Double(max(1, present.count)))
    }
    // If rows lack seeds, the shares are slightly off, but their sum is known.
    let sum = own.reduce(0, +)
    for row in rest.indices {
      let degrees = sum > 0 ? own[row] * total / sum : 0
      let values = rest[row].compactMap(\.self)
      let mean = values.mean
      let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      noise[row] =
        degrees > 1e-6 ? VarianceEstimate(variance: squares / degrees, degreesOfFreedom: degrees) : .none
    }
  }

  private func reweighted() -> [Double] {
    let known = noise.filter { $0.degreesOfFreedom > 0 }
    let typical = Self.median(known.map(\.variance))
    guard typical > 0 else { return noise.map { $0.variance > 0 ? 1e-3 : 1 } }
    return noise.map { $0.variance > 0 ? min(1, max(1e-6, cut * typical / $0.variance)) : 1 }
  }

  private static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    guard let last = sorted.last else { return 0 }
    let middle = sorted.count / 2
    return sorted.count % 2 == 1
      ? sorted[middle] : ((middle > 0 ? sorted[middle - 1] : last) + sorted[middle]) / 2
  }

  /// The degrees of freedom: the number of accuracies less the parameters for rows and seeds.
  ///
  /// Groups of rows that share no seed with another group may each trade a constant between rows and seeds,
  /// so each group has one parameter less.
  private static func degrees(_ rows: [SeedVariance.Row]) -> Double {
    var groups: [Set<UInt64>] = []
    for row in rows where !row.isEmpty {
      let seeds = Set(row.keys)
      let touching = groups.filter { !$0.isDisjoint(with: seeds) }
      groups.removeAll { !$0.isDisjoint(with: seeds) }
      groups.append(touching.reduce(seeds) { $0.union($1) })
    }
    let cells = rows.reduce(0) { $0 + $1.count }
    let seeds = groups.reduce(0) { $0 + $1.count }
    return Double(max(0, cells - rows.count { !$0.isEmpty } - seeds + groups.count))
  }
}
