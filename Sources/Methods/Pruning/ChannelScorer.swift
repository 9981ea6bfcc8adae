import Graphs
import Tensors

/// Says how much each unit of channel groups matters: 0 or more, comparable within a group.
protocol ChannelScorer {
  /// What it wants to know besides weights.
  var evidence: Set<EvidenceKind> { get }
  /// A score a unit, group by group.
  func scores(
    of groups: [ChannelGroup], in graph: Graph, images: Int, _ evidence: any Evidence,
    _ random: inout SeededRandom
  ) throws(MethodError) -> [[Double]]
}

/// Chance.
struct RandomChannelScorer: ChannelScorer {
  let evidence: Set<EvidenceKind> = []

  func scores(
    of groups: [ChannelGroup], in graph: Graph, images: Int, _ evidence: any Evidence,
    _ random: inout SeededRandom
  ) throws(MethodError) -> [[Double]] {
    groups.map { group in group.units.map { _ in Double(random.uniform()) } }
  }
}

extension ChannelGroup {
  /// By unit the sum of numbers that its channels have, value by value; values without numbers count nothing.
  func sums(_ numbers: [String: [Double]]) -> [Double] {
    units.map { unit in
      values.reduce(0) { sum, value in
        guard let channels = unit.channels[value], let numbers = numbers[value] else { return sum }
        return channels.reduce(sum) { $0 + numbers[$1] }
      }
    }
  }
}
