/// How much accuracy varies from seed to seed, learned from all rows of a run together: few seeds say little alone.
///
/// Rows of a seed share its teacher, so a seed may lift or lower them all. Differences of rows are free of that: their noise
/// is what rows and seeds leave unexplained (`AdditiveFit`). A row's own mean is not: it varies with the seeds' lift too.
///
/// A row whose seeds vary far more than those of the others (F test at 0.01) is left out of the pool and is judged by its
/// own seeds alone.
struct SeedVariance {
  /// Accuracies of one row by seed.
  typealias Row = [UInt64: Double]

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
