/// Computes ranks and losses from singular values in descending order.
enum RankRule {
  /// The number of leading values whose squares sum to a share of all squares; at least 1.
  static func rank(holding share: Double, of values: [Double]) -> Int {
    // Summed from the smallest value upward, so that a share of 1 drops zeros alone.
    let allowed = (1 - share) * values.reduce(0) { $0 + $1 * $1 }
    var dropped = 0.0
    var rank = values.count
    while rank > 1 {
      dropped += values[rank - 1] * values[rank - 1]
      guard dropped <= allowed else { break }
      rank -= 1
    }
    return rank
  }

  /// The share of all squares that the leading values leave out; 0 if all values are zero.
  static func lost(_ rank: Int, of values: [Double]) -> Double {
    let all = values.reduce(0) { $0 + $1 * $1 }
    return all > 0 ? values.dropFirst(rank).reduce(0) { $0 + $1 * $1 } / all : 0
  }
}
