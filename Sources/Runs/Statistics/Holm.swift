/// Holm's correction of p-values for the number of tests.
enum Holm {
  /// The corrected p-values; comparing each with a level keeps the chance of *any* false claim at that level.
  ///
  /// **Formula** in ascending order, `p̃ᵢ = max over j ≤ i of min(1, (m - j + 1) pⱼ)`.
  ///
  /// **Paper** Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
  /// Statistics 6, 1979.
  static func corrected(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
    var corrected = values
    var largest = 0.0
    for (rank, index) in order.enumerated() {
      largest = max(largest, min(1, Double(values.count - rank) * values[index]))
      corrected[index] = largest
    }
    return corrected
  }
}
