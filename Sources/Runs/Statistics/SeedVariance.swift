/// How much accuracy varies from seed to seed, row by row: each row's own variance, shrunk toward what is usual among the rows of
/// the run, as few seeds say little alone.
///
/// Rows of a seed share its teacher, so a seed may lift or lower them all. Differences of rows are free of that: their noise
/// is what rows and seeds leave unexplained (`RobustSeedFit`). A row's own mean is not: it varies with the seeds' lift too.
/// A row that collapses in some seeds is judged by its own seeds, and does not move what is usual (`VariancePrior`).
struct SeedVariance {
  /// Accuracies of one row by seed.
  typealias Row = [UInt64: Double]

  /// The rows that vary far more than what is usual, sorted.
  let wild: [String]
  /// On how many degrees of freedom all rows together are.
  let degreesOfFreedom: Double

  private let noise: [String: VarianceEstimate]
  private let leverage: [String: Double]
  private let lift: VarianceEstimate

  /// - Parameter resolution: the least difference that two accuracies can have, 1 over the number of images. Rounding to it is
  ///   noise of variance `resolution²/12`, which no row goes below.
  init(_ rows: [String: Row], resolution: Double) {
    let names = rows.keys.sorted()
    let fit = RobustSeedFit(names.map { rows[$0] ?? [:] })
    let least = max(resolution * resolution / 12, 1e-18)
    let own = fit.noise.map { estimate in
      estimate.degreesOfFreedom > 0
        ? VarianceEstimate(
          variance: max(estimate.variance, least), degreesOfFreedom: estimate.degreesOfFreedom) : .none
    }
    let prior = VariancePrior(own)
    var noise: [String: VarianceEstimate] = [:]
    var leverage: [String: Double] = [:]
    for (index, name) in names.enumerated() {
      noise[name] = prior.moderated(own[index], wildness: prior.wildness[index])
      leverage[name] = fit.leverage[index]
    }
    self.noise = noise
    self.leverage = leverage
    lift = fit.lift
    degreesOfFreedom = own.reduce(0) { $0 + $1.degreesOfFreedom }
    wild = names.indices.filter { prior.wildness[$0] > 0.9 }.map { names[$0] }
  }

  /// Of the mean of a row's accuracies: noise, and the seeds' lift.
  ///
  /// **Formula** `(lift + (1 - h) ṽ) / n`, where the estimated effects of seeds hold the share `h` of the row's noise already.
  func ofMean(_ name: String, seeds: Int) -> VarianceEstimate {
    guard seeds > 0 else { return .none }
    let share = 1 - (leverage[name] ?? 1)
    let parts = [lift, share * (noise[name] ?? .none)].filter { $0.variance > 0 }
    return 1 / Double(seeds) * VarianceEstimate.sum(parts)
  }

  /// Of the mean of two rows' differences by seed.
  ///
  /// **Formula** `(ṽ₁ + ṽ₂) / n`, on Satterthwaite's degrees of freedom, at most those of all rows.
  func ofDifference(_ first: String, _ second: String, seeds: Int) -> VarianceEstimate {
    guard seeds > 0 else { return .none }
    var sum = VarianceEstimate.sum([noise[first] ?? .none, noise[second] ?? .none])
    sum.degreesOfFreedom = min(sum.degreesOfFreedom, degreesOfFreedom)
    return 1 / Double(seeds) * sum
  }
}
