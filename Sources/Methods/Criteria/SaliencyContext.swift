public import Graphs
public import Tensors

/// What a criterion may know of a network, and draw.
public struct SaliencyContext {
  /// The network as it is now.
  public let graph: Graph
  /// The network as the stage found it: for methods that act several times, before the stage's training.
  public let original: Graph
  /// Gradients, activations, curvature and initial weights, computed when they are asked for.
  public let evidence: any Evidence
  /// Training images to look at, where the criterion names no number of its own.
  public let images: Int
  /// The stream of this application.
  public var random: SeededRandom

  /// Makes a context.
  public init(
    graph: Graph, original: Graph? = nil, evidence: any Evidence = NoEvidence(), images: Int = 1024,
    random: SeededRandom = SeededRandom(seed: 0, purpose: "saliency")
  ) {
    self.graph = graph
    self.original = original ?? graph
    self.evidence = evidence
    self.images = images
    self.random = random
  }

  /// What kernels compute with of the parameters that make up some sets, by name.
  public func weights(of sets: [UnitSet], _ relation: UnitRelation) -> [String: Tensor] {
    var weights: [String: Tensor] = [:]
    for name in sets.flatMap({ $0.parameters(relation) }) where weights[name] == nil {
      weights[name] = graph.parameters[name]?.projected
    }
    return weights
  }
}
