/// How many terms of a decomposition are kept.
enum RankRule: Equatable {
  /// The fewest that hold a share of the sum of squared singular values.
  case energy(Double)
  /// As many as a share of the layer's parameters pays for.
  case keptRatio(Double)

  /// The energy where no kept ratio is given.
  init(energy: Double, keptRatio: Double?) {
    self = keptRatio.map(RankRule.keptRatio) ?? .energy(energy)
  }

  /// The rank for singular values (descending) when a term costs `termCost` of the `cost` parameters of the layer: at
  /// least 1.
  func rank(of values: [Double], termCost: Int, cost: Int) -> Int {
    switch self {
    case .energy(let share): Self.rank(holding: share, of: values)
    case .keptRatio(let ratio):
      max(1, min(values.count, Int((ratio * Double(cost) / Double(termCost)).rounded(.down))))
    }
  }

  /// The fewest leading values whose squares sum to a share of all squares; at least 1.
  static func rank(holding share: Double, of values: [Double]) -> Int {
    // From the smallest upward: what is dropped must stay within the rest, exactly for a share of 1.
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
}
