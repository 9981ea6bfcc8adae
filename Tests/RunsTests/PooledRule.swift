@testable import Runs

// The rule that pooled all rows unless an F test set one apart: kept to be held against the present one.

/// How much accuracy varies from seed to seed, learned from all rows of a run together: few seeds say little alone.
///
/// Rows of a seed share its teacher, so a seed may lift or lower them all. Differences of rows are free of that: their noise
/// is what rows and seeds leave unexplained (`AdditiveFit`). A row's own mean is not: it varies with the seeds' lift too.
///
/// A row whose seeds vary far more than those of the others (F test at 0.01) is left out of the pool and is judged by its
/// own seeds alone.
struct PooledSeedVariance {
  /// Accuracies of one row by seed.
  typealias Row = SeedVariance.Row

  /// Of one accuracy about its row's mean: seeds' lift and noise.
  ///
  /// **Formula** `seeds + (1 - 1/R) noise`, where the estimated effects of seeds hold `1/R` of the noise already, `R` being
  /// the rows a seed has.
  let single: VarianceEstimate
  /// Of one accuracy about what row and seed say: the noise alone.
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

  /// Whether a row's variance is too large to be of the kind of the others'.
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

/// Accuracies as `row + seed + noise`, fitted by least squares.
///
/// Rows may lack seeds: the means of rows and of seeds are taken off in turn, which approaches the fit.
struct AdditiveFit {
  /// Of the noise, on as many degrees of freedom as there are accuracies beyond what the fit takes.
  let noise: VarianceEstimate
  /// Of the seeds' effects as estimated: the true variance, and the noise of `rowsPerSeed` rows.
  let seeds: VarianceEstimate
  /// The harmonic mean of how many rows a seed has.
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

  /// Takes the means of rows and then of seeds off what is left; returns the largest change.
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

  /// How many groups of rows there are that share no seed with the rows of another: in each, rows and seeds may trade a
  /// constant.
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
