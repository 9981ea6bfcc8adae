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

  init(_ rows: [SeedVariance.Row]) {
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
  private static func islands(_ rows: [SeedVariance.Row]) -> Int {
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
