@testable import Runs

// The earlier rule, which pooled all rows unless an F test excluded one; kept for comparison with the present
// rule.

/// The variance of accuracy between seeds, estimated from all rows of a run together, because few seeds show
/// little alone.
///
/// Rows of a seed share its teacher, so a seed may shift all of them. Differences between rows are free of
/// this shift: their noise is the variance that rows and seeds leave unexplained (`AdditiveFit`). The mean of
/// a single row also varies with the seeds' shift.
///
/// A row whose seeds vary far more than those of the others (F test at 0.01) is excluded from the pool and
/// judged by its own seeds alone.
struct PooledSeedVariance {
  /// The accuracies of one row by seed.
  typealias Row = SeedVariance.Row

  /// The variance of one accuracy around its row's mean, from the seeds' shift and noise.
  ///
  /// **Formula** `seeds + (1 - 1/R) noise` with the number R of rows in a seed. The estimated effects of
  /// seeds already contain `1/R` of the noise.
  let single: VarianceEstimate
  /// The variance of one accuracy around its expectation from row and seed: the noise alone.
  let paired: VarianceEstimate
  /// The rows that are judged alone.
  let alone: Set<String>

  private static let level = 0.01

  init(_ rows: [String: Row]) {
    let names = rows.keys.sorted()
    let own = names.map { name in
      let row = rows[name] ?? [:]
      return VarianceEstimate(of: row.keys.sorted().compactMap { row[$0] })
    }
    let apart = names.indices.filter { Self.isApart($0, own) }
    let fit = AdditiveFit(names.indices.filter { !apart.contains($0) }.compactMap { rows[names[$0]] })
    alone = Set(apart.map { names[$0] })
    single = .sum([fit.seeds, (1 - 1 / fit.rowsPerSeed) * fit.noise])
    paired = fit.noise
  }

  /// True if the variance of a row is too large to be of the same kind as that of the others.
  private static func isApart(_ row: Int, _ all: [VarianceEstimate]) -> Bool {
    let others = VarianceEstimate.pooled(all.indices.filter { $0 != row }.map { all[$0] })
    guard all[row].degreesOfFreedom > 0, others.degreesOfFreedom > 0, others.variance > 0 else {
      return false
    }
    let p = VarianceRatio.pValue(
      all[row].variance / others.variance, degreesOfFreedom: all[row].degreesOfFreedom,
      others.degreesOfFreedom)
    return p < level
  }
}

/// A least-squares fit of accuracies as `row + seed + noise`.
///
/// Rows may lack seeds. The means of rows and of seeds are subtracted in turn, which converges to the fit.
struct AdditiveFit {
  /// The variance of the noise; its degrees of freedom are the number of accuracies minus that of fitted
  /// parameters.
  let noise: VarianceEstimate
  /// The variance of the estimated seed effects: the true variance plus the noise of `rowsPerSeed` rows.
  let seeds: VarianceEstimate
  /// The harmonic mean of the number of rows in a seed.
  let rowsPerSeed: Double

  private static let sweeps = 10_000
  private static let resolution = 1e-15

  init(_ rows: [PooledSeedVariance.Row]) {
    let rows = rows.filter { !$0.isEmpty }
    let names = Set(rows.flatMap(\.keys)).sorted()
    let islands = Self.islands(rows)
    var rest = rows.map { row in names.map { row[$0] } }
    var effects = [Double](repeating: 0, count: names.count)
    for _ in 0..<Self.sweeps {
      let change = Self.sweep(&rest, &effects)
      if change < Self.resolution { break }
    }
    let cells = rest.flatMap { $0.compactMap(\.self) }
    noise = Self.estimate(cells.reduce(0) { $0 + $1 * $1 }, cells.count - rows.count - names.count + islands)
    let mean = effects.mean
    seeds = Self.estimate(
      effects.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }, names.count - islands)
    let inverses = names.indices.map { seed in 1 / Double(max(1, rest.count { $0[seed] != nil })) }
    rowsPerSeed = inverses.isEmpty ? 1 : 1 / inverses.mean
  }

  /// Subtracts the means of rows and then of seeds from the residuals; returns the largest change.
  private static func sweep(_ rest: inout [[Double?]], _ effects: inout [Double]) -> Double {
    var change = 0.0
    for row in rest.indices {
      let mean = rest[row].compactMap(\.self).mean
      rest[row] = rest[row].map { $0.map { $0 - mean } }
    }
    for seed in effects.indices {
      let mean = rest.compactMap { $0[seed] }.mean
      for row in rest.indices { rest[row][seed] = rest[row][seed].map { $0 - mean } }
      effects[seed] += mean
      change = max(change, abs(mean))
    }
    return change
  }

  private static func estimate(_ squares: Double, _ degrees: Int) -> VarianceEstimate {
    degrees > 0
      ? VarianceEstimate(variance: squares / Double(degrees), degreesOfFreedom: Double(degrees)) : .none
  }

  /// The number of groups of rows that share no seed with the rows of another group.
  ///
  /// Within each group, rows and seeds are determined only up to a constant.
  private static func islands(_ rows: [PooledSeedVariance.Row]) -> Int {
    var groups: [Set<UInt64>] = []
    for row in rows {
      let seeds = Set(row.keys)
      let touching = groups.filter { !$0.isDisjoint(with: seeds) }
      groups.removeAll { !$0.isDisjoint(with: seeds) }
      groups.append(touching.reduce(seeds) { $0.union($1) })
    }
    return groups.count
  }
}
