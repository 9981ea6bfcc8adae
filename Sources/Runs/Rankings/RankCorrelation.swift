/// Correlations of the orders in which two measures put the same things.
public enum RankCorrelation {
  /// Kendall's tau-b, -1…1; `nil` for fewer than two pairs, or if one side is constant.
  ///
  ///     τ_b = (C - D) / √((n₀ - t₁)(n₀ - t₂)),   n₀ = n(n - 1)/2
  ///
  /// C and D are the numbers of concordant and discordant pairs of things, t₁ and t₂ those of pairs tied on
  /// each side.
  ///
  /// **Paper** Kendall, "The treatment of ties in ranking problems", Biometrika 33, 1945.
  public static func kendall(_ first: [Double], _ second: [Double]) -> Double? {
    precondition(first.count == second.count, "two values for each thing")
    var (balance, untiedFirst, untiedSecond) = (0.0, 0.0, 0.0)
    for later in first.indices {
      for earlier in 0..<later {
        let (a, b) = (sign(first[later] - first[earlier]), sign(second[later] - second[earlier]))
        balance += a * b
        untiedFirst += a * a
        untiedSecond += b * b
      }
    }
    let scale = (untiedFirst * untiedSecond).squareRoot()
    return scale > 0 ? balance / scale : nil
  }

  /// Spearman's rank correlation, -1…1; `nil` for fewer than two pairs, or if one side is constant.
  ///
  /// It is Pearson's correlation of the ranks, where ties have their mean rank.
  ///
  /// **Paper** Spearman, "The proof and measurement of association between two things", 1904.
  public static func spearman(_ first: [Double], _ second: [Double]) -> Double? {
    precondition(first.count == second.count, "two values for each thing")
    let (a, b) = (ranks(first), ranks(second))
    let mean = Double(first.count + 1) / 2
    var (product, squaresOfFirst, squaresOfSecond) = (0.0, 0.0, 0.0)
    for (own, other) in zip(a, b) {
      product += (own - mean) * (other - mean)
      squaresOfFirst += (own - mean) * (own - mean)
      squaresOfSecond += (other - mean) * (other - mean)
    }
    let scale = (squaresOfFirst * squaresOfSecond).squareRoot()
    return scale > 0 ? product / scale : nil
  }

  private static func sign(_ value: Double) -> Double { value > 0 ? 1 : value < 0 ? -1 : 0 }

  /// The rank of each value from 1; ties have their mean rank.
  private static func ranks(_ values: [Double]) -> [Double] {
    values.map { value in
      let (less, equal) = values.reduce((0, 0)) { counts, other in
        (counts.0 + (other < value ? 1 : 0), counts.1 + (other == value ? 1 : 0))
      }
      return Double(less) + Double(equal + 1) / 2
    }
  }
}
