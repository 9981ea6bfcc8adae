/// How much accuracy varies from seed to seed, learned from all rows of a run together: few seeds say little alone.
///
/// Rows of a seed share its teacher, so a seed may lift or lower them all. Differences of rows are free of that, and
/// their noise is what remains of the accuracies without the means of rows and of seeds:
///
/// **Formula** `accuracy(row, seed) = row + seed + noise`, fitted by least squares; `paired` is the noise's variance on as
/// many degrees of freedom as there are trials beyond those that the fit takes. `single` is the variance of a row about its
/// own mean, seeds' lift included, pooled over rows.
///
/// A row whose seeds vary far more than those of the others (F test at 0.01) is left out of the pool and is judged by its
/// own seeds alone.
struct SeedVariance {
  /// Accuracies of one row by seed.
  typealias Row = [UInt64: Double]

  /// Of one accuracy about its row's mean.
  let single: VarianceEstimate
  /// Of one accuracy about what row and seed say.
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
    let together = names.indices.filter { !apart.contains($0) }
    alone = Set(apart.map { names[$0] })
    single = .pooled(together.map { own[$0] })
    paired = Self.residual(together.compactMap { rows[names[$0]] })
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

  /// What rows and seeds do not explain. Rows may lack seeds: the means of rows and seeds are taken off in turn, which
  /// approaches the least-squares fit.
  private static func residual(_ rows: [Row]) -> VarianceEstimate {
    var rest = rows
    let seeds = Set(rows.flatMap(\.keys)).sorted()
    for _ in 0..<sweeps {
      var change = 0.0
      for row in rest.indices {
        let mean = mean(rest[row].keys.sorted().compactMap { rest[row][$0] })
        for seed in seeds { rest[row][seed]? -= mean }
        change = max(change, abs(mean))
      }
      for seed in seeds {
        let mean = mean(rest.compactMap { $0[seed] })
        for row in rest.indices { rest[row][seed]? -= mean }
        change = max(change, abs(mean))
      }
      if change < 1e-15 { break }
    }
    let degrees =
      rest.reduce(0) { $0 + $1.count } - rows.filter { !$0.isEmpty }.count - seeds.count + islands(rows)
    guard degrees > 0 else { return .none }
    let squares = seeds.reduce(0.0) { sum, seed in
      sum + rest.reduce(0.0) { $0 + ($1[seed] ?? 0) * ($1[seed] ?? 0) }
    }
    return VarianceEstimate(variance: squares / Double(degrees), degreesOfFreedom: Double(degrees))
  }

  private static let sweeps = 10_000

  private static func mean(_ values: [Double]) -> Double {
    values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
  }

  /// How many groups of rows there are that share no seed with the rows of another: each group's fit has one constant
  /// that rows and seeds may trade.
  private static func islands(_ rows: [Row]) -> Int {
    var groups: [Set<UInt64>] = []
    for row in rows where !row.isEmpty {
      let seeds = Set(row.keys)
      let touching = groups.filter { !$0.isDisjoint(with: seeds) }
      groups.removeAll { !$0.isDisjoint(with: seeds) }
      groups.append(touching.reduce(seeds) { $0.union($1) })
    }
    return groups.count
  }
}
