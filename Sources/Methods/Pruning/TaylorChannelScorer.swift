import Graphs
import Tensors

/// The squared first-order change of the loss when a unit is removed, averaged over batches.
///
/// **Formula** `mean over batches of (Σ g·w)²` over all weights w that read the unit's channels, g being the loss's gradient
/// by w: removing the unit is setting exactly these weights to zero, shift and bias of what made the channels included.
///
/// Paper: Molchanov, Mallya, Tyree, Frosio, Kautz, "Importance estimation for neural network pruning", CVPR 2019,
/// arXiv:1906.10771, its joint contribution of a group; groups as in Fang et al., "DepGraph", CVPR 2023, arXiv:2301.12900.
struct TaylorChannelScorer: ChannelScorer {
  let evidence: Set<EvidenceKind> = [.gradients]

  func scores(
    of groups: [ChannelGroup], in graph: Graph, images: Int, _ evidence: any Evidence,
    _ random: inout SeededRandom
  ) throws(MethodError) -> [[Double]] {
    var totals = groups.map { group in group.units.map { _ in 0.0 } }
    var batches = 0.0
    let readers = ChannelReader.all(of: graph)
    try evidence.forEachGradient(images: images) { gradients in
      var changes: [String: [Double]] = [:]
      for reader in readers {
        guard let gradient = gradients[reader.parameter]?.values else { continue }
        let sums = reader.weight.sums(along: reader.axis) {
          Double(gradient[$0]) * Double(reader.weight.values[$0])
        }
        changes[reader.value] = changes[reader.value].map { zip($0, sums).map { $0 + $1 } } ?? sums
      }
      for (index, group) in groups.enumerated() {
        let joint = group.sums(changes)
        totals[index] = zip(totals[index], joint).map { $0 + $1 * $1 }
      }
      batches += 1
    }
    guard batches > 0 else { return totals }
    return totals.map { scores in scores.map { $0 / batches } }
  }
}

/// A weight tensor that reads a value channel by channel.
struct ChannelReader {
  /// The node that owns it.
  let node: Node
  /// The parameter: `conv2.weight`.
  let parameter: String
  /// The value that it reads.
  let value: String
  /// The axis that counts the value's channels.
  let axis: Int
  /// What kernels compute with.
  let weight: Tensor

  /// Every reader of a graph, in its order.
  static func all(of graph: Graph) -> [ChannelReader] {
    graph.nodes.flatMap { node in
      graph.slots(of: node).compactMap { name, slot in
        guard let axis = slot.inputAxis, let value = node.inputs.first, let parameter = graph.parameters[name]
        else { return nil }
        return ChannelReader(
          node: node, parameter: name, value: value, axis: axis, weight: parameter.projected)
      }
    }
  }
}
