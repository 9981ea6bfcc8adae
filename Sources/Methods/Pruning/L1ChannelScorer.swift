import Graphs
import Tensors

/// The sum of the absolute weights of the filters that make a unit's channels, in all layers of its group.
///
/// Paper: Li, Kadav, Durdanovic, Samet, Graf, "Pruning filters for efficient ConvNets", 2017, arXiv:1608.08710.
struct L1ChannelScorer: ChannelScorer {
  let evidence: Set<EvidenceKind> = []

  func scores(
    of groups: [ChannelGroup], in graph: Graph, images: Int, _ evidence: any Evidence,
    _ random: inout SeededRandom
  ) throws(MethodError) -> [[Double]] {
    var magnitudes: [String: [Double]] = [:]
    for node in graph.nodes {
      for (name, slot) in graph.slots(of: node) {
        guard slot.isPrunable, let axis = slot.outputAxis, let tensor = graph.parameters[name]?.projected
        else {
          continue
        }
        magnitudes[node.name] = tensor.sums(along: axis) { Double(abs(tensor.values[$0])) }
      }
    }
    return groups.map { $0.sums(magnitudes) }
  }
}
