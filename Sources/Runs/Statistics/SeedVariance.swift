/// The variance of accuracy from seed to seed: each row's own variance, shrunk toward the usual one of the
/// run.
///
/// A few seeds alone give a poor estimate, hence the shrinkage. Rows of a seed share its teacher, so a seed
/// may lift or lower all of them. This effect cancels in differences of rows: their noise is the residual
/// after the effects of rows and seeds (`RobustSeedFit`). It does not cancel in the mean of a row, whose
/// variance contains the effects of seeds. A row that collapses in some seeds is judged by its own seeds, and
/// does not move the usual variance (`VariancePrior`).
struct SeedVariance {
  /// Accuracies of one row by seed.
  typealias Row = [UInt64: Double]

  /// The rows that vary far more than usual, sorted.
  let wild: [String]
  /// The degrees of freedom of all rows together.
  let degreesOfFreedom: Double

  private let noise: [String: VarianceEstimate]
  private let leverage: [String: Double]
  private let lift: VarianceEstimate

  /// Fits the variances to accuracies by row and seed.
  ///
  /// - Parameters:
  ///   - rows: the accuracies of each row by seed.
  ///   - resolution: the least difference that two accuracies can have, 1 over the number of images. Rounding
  ///     to it is noise of variance `resolution²/12`, the least variance of any row.
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

  /// The variance of the mean of a row's accuracies: noise and the effects of seeds.
  ///
  /// **Formula** `(lift + (1 - h) ṽ) / n`; the estimated effects of seeds already contain the share `h` of
  /// the row's noise.
  func ofMean(_ name: String, seeds: Int) -> VarianceEstimate {
    guard seeds > 0 else { return .none }
    let share = 1 - (leverage[name] ?? 1)
    let parts = [lift, share * (noise[name] ?? .none)].filter { $0.variance > 0 }
    return 1 / Double(seeds) * VarianceEstimate.sum(parts)
  }

  /// The variance of the mean difference of two rows over their shared seeds.
  ///
  /// **Formula** `(ṽ₁ + ṽ₂) / n`, with Satterthwaite's degrees of freedom, at most those of all rows.
  func ofDifference(_ first: String, _ second: String, seeds: Int) -> VarianceEstimate {
    guard seeds > 0 else { return .none }
    var sum = VarianceEstimate.sum([noise[first] ?? .none, noise[second] ?? .none])
    sum.degreesOfFreedom = min(sum.degreesOfFreedom, degreesOfFreedom)
    return 1 / Double(seeds) * sum
  }
}
