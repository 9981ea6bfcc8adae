import Execution
import Graphs
import Tasks
import Tensors
import Testing

@testable import Methods

/// The context of criteria with a network and evidence from its images.
func criterionContext(_ network: SmoothNetwork, seed: UInt64 = 1) -> SaliencyContext {
  SaliencyContext(
    graph: network.graph,
    evidence: PlanEvidence(
      network.graph, task: Classification(), backend: ReferenceBackend(),
      source: PatternSource(network.graph, images: network.images.count, batch: 4), batch: 4),
    random: SeededRandom(seed: seed, purpose: "criterion"))
}

/// The units of every weight tensor of a network.
func weightSets(_ graph: Graph, _ unit: any UnitShape = SingleWeights()) -> [UnitSet] {
  graph.nodes.flatMap { graph.prunableWeights(of: $0) }.map {
    UnitSet(parameter: $0.name, shape: $0.parameter.value.shape, unit: unit)
  }
}

/// Expects numbers to be near the truth, within a share of the largest.
func expectNear(
  _ found: [Double], _ truth: [Double], _ tolerance: Double, at location: SourceLocation = #_sourceLocation
) {
  #expect(found.count == truth.count, sourceLocation: location)
  let scale = truth.map(abs).max() ?? 0
  #expect(scale > 0, sourceLocation: location)
  for (found, truth) in zip(found, truth) {
    #expect(abs(found - truth) <= tolerance * scale, "\(found) \(truth)", sourceLocation: location)
  }
}

extension SmoothNetwork {
  /// The positions of `hidden.weight` and `logits.weight` among all weights.
  static let prunable = Array(0..<20) + Array(35..<50)
}
