import Graphs

/// Chooses the units of scored groups that go.
struct ChannelSelection {
  /// A group with the scores of its units.
  struct Group {
    /// The name of the group's first value.
    let name: String
    let units: [ChannelUnit]
    let scores: [Double]
    /// The scale on which scores are compared with those of other groups.
    let scale: ScoreScale
    /// Units when the stage began.
    let originalCount: Int
    /// Units that must stay.
    let minimum: Int
    /// The share of the largest score below which units go.
    let below: Double
    /// The number of units that stay is rounded up to a multiple of this, if there are as many.
    let multiple: Int

    /// Units that have gone since the stage began.
    var goneCount: Int { originalCount - units.count }
    /// Units that may still go.
    var removableCount: Int { max(0, units.count - minimum) }
    /// The units that go of `count` that should, when those that stay are rounded up to the multiple.
    func rounded(_ count: Int) -> Int {
      let kept = max(units.count - count, minimum)
      return max(0, units.count - (kept + multiple - 1) / multiple * multiple)
    }
    /// The scores as they are compared across groups.
    var scaledScores: [Double] { scale.applied(to: scores) }

    /// The units of the lowest scores; of equal scores the first.
    func lowest(_ count: Int) -> [ChannelUnit] {
      let order = units.indices.sorted { (scores[$0], $0) < (scores[$1], $1) }
      return order.prefix(max(0, count)).map { units[$0] }
    }
  }

  let groups: [Group]
  let scope: any Allocation
  /// The units that may go if they are ranked across groups, the lowest score first.
  private let order: [Candidate]
  /// The function from the share that all lose together to that of each group.
  private let division: (Double) -> [Double]

  /// A unit of a group, by its places.
  private struct Candidate {
    let score: Double
    let group: Int
    let unit: Int
  }

  init(_ groups: [Group], scope: any Allocation, _ context: AllocationContext) throws {
    self.groups = groups
    self.scope = scope
    order = scope.ranksAcrossLayers ? Self.order(groups) : []
    let layers = groups.map { group in
      AllocatedLayer(
        name: group.name, count: group.originalCount, gone: group.goneCount,
        most: group.goneCount + group.rounded(group.removableCount))
    }
    division = try scope.division(among: layers, context)
  }

  /// Units of all groups when the stage began.
  var originalCount: Int { groups.reduce(0) { $0 + $1.originalCount } }
  /// Units of all groups that have gone since.
  var goneCount: Int { groups.reduce(0) { $0 + $1.goneCount } }
  /// All units that may go, group by group.
  var removable: [ChannelUnit] { groups.flatMap { $0.lowest($0.rounded($0.removableCount)) } }

  /// The units that have to go for `share` of the original units to be gone.
  ///
  /// Of all groups together that is `round(share · units)`, or of each group its own share. Each group keeps
  /// its minimum, rounded up to its multiple.
  func removal(share: Double) -> [ChannelUnit] {
    guard !scope.ranksAcrossLayers else {
      let count = Int((share * Double(originalCount)).rounded()) - goneCount
      // Rounding up each group's rest needs the number that the ranking wants of it, so counting comes first.
      var wanted = Array(repeating: 0, count: groups.count)
      for candidate in order.prefix(max(0, count)) { wanted[candidate.group] += 1 }
      var left = zip(groups, wanted).map { $0.rounded($1) }
      return order.prefix(max(0, count)).compactMap { candidate in
        guard left[candidate.group] > 0 else { return nil }
        left[candidate.group] -= 1
        return groups[candidate.group].units[candidate.unit]
      }
    }
    return zip(groups, division(share)).flatMap { group, share in
      let count = Int((share * Double(group.originalCount)).rounded()) - group.goneCount
      return group.lowest(group.rounded(count))
    }
  }

  /// The units that score less than the group's share of its largest score, if that is above 0.
  ///
  /// Each group keeps its minimum.
  var weak: [ChannelUnit] {
    groups.flatMap { group -> [ChannelUnit] in
      let limit = group.below * (group.scores.max() ?? 0)
      guard limit > 0 else { return [] }
      return group.lowest(group.rounded(group.scores.count { $0 < limit }))
    }
  }

  /// All units by scaled score, without those that groups need for their minimum; of equal scores the first.
  private static func order(_ groups: [Group]) -> [Candidate] {
    var candidates: [Candidate] = []
    for (index, group) in groups.enumerated() {
      for (unit, score) in group.scaledScores.enumerated() {
        candidates.append(Candidate(score: score, group: index, unit: unit))
      }
    }
    candidates.sort { ($0.score, $0.group, $0.unit) < ($1.score, $1.group, $1.unit) }
    // From the lowest score up, so that the best units of a group are its minimum.
    var removable = groups.map(\.removableCount)
    return candidates.filter { candidate in
      guard removable[candidate.group] > 0 else { return false }
      removable[candidate.group] -= 1
      return true
    }
  }
}
