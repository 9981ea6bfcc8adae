import Graphs

/// Chooses which units of scored groups go.
struct ChannelSelection {
  /// One group with what its units are worth.
  struct Group {
    let units: [ChannelUnit]
    let scores: [Double]
    /// How scores are compared with those of other groups.
    let scale: ScoreScale
    /// Units when the stage began.
    let originalCount: Int
    /// Units that must stay.
    let minimum: Int

    /// Units that are gone since.
    var goneCount: Int { originalCount - units.count }
    /// Units that may still go.
    var removableCount: Int { max(0, units.count - minimum) }
    /// The scores as they are compared across groups.
    var scaledScores: [Double] { scale.applied(to: scores) }
  }

  let groups: [Group]
  let scope: PruningScope
  /// For global scope, what may go, the least first.
  private let order: [ChannelUnit]

  init(_ groups: [Group], scope: PruningScope) {
    self.groups = groups
    self.scope = scope
    order = scope == .global ? Self.order(groups) : []
  }

  /// Units when the stage began.
  var originalCount: Int { groups.reduce(0) { $0 + $1.originalCount } }
  /// Units that are gone since.
  var goneCount: Int { groups.reduce(0) { $0 + $1.goneCount } }
  /// All units that may go, one group's minimum after the other.
  var removable: [ChannelUnit] { groups.flatMap { Self.lowest($0.removableCount, of: $0) } }

  /// What has to go for `share` of the original units to be gone: `round(share · units)`, of all groups together for
  /// global scope, of each for layer scope; never more than leaves each group its minimum.
  func removal(share: Double) -> [ChannelUnit] {
    switch scope {
    case .global:
      let count = Int((share * Double(originalCount)).rounded()) - goneCount
      return Array(order.prefix(max(0, count)))
    case .layer:
      return groups.flatMap { group in
        let count = Int((share * Double(group.originalCount)).rounded()) - group.goneCount
        return Self.lowest(min(max(0, count), group.removableCount), of: group)
      }
    }
  }

  /// What scores less than `share` of the largest score of its group; each group keeps its minimum.
  func weak(below share: Double) -> [ChannelUnit] {
    groups.flatMap { group in
      let limit = share * (group.scores.max() ?? 0)
      let count = group.scores.count { $0 < limit }
      return Self.lowest(min(count, group.removableCount), of: group)
    }
  }

  private static func lowest(_ count: Int, of group: Group) -> [ChannelUnit] {
    let order = group.units.indices.sorted { (group.scores[$0], $0) < (group.scores[$1], $1) }
    return order.prefix(count).map { group.units[$0] }
  }

  /// All units by scaled score, without those that groups need for their minimum; of equal scores the first.
  private static func order(_ groups: [Group]) -> [ChannelUnit] {
    var candidates: [(score: Double, group: Int, unit: Int)] = []
    for (index, group) in groups.enumerated() {
      for (unit, score) in group.scaledScores.enumerated() { candidates.append((score, index, unit)) }
    }
    candidates.sort { ($0.score, $0.group, $0.unit) < ($1.score, $1.group, $1.unit) }
    var removable = groups.map(\.removableCount)
    return candidates.compactMap { candidate in
      guard removable[candidate.group] > 0 else { return nil }
      removable[candidate.group] -= 1
      return groups[candidate.group].units[candidate.unit]
    }
  }
}
