import Encodings
public import Graphs
public import Settings
import Tensors

/// Sends the weights that pruning has left back to where they began.
public struct Rewind: CompressionMethod {
  public static let name = "rewind"
  public static let family = MethodFamily.pruning
  public static let order = PipelineOrder.sparsity
  public static let revision = 1
  public static let documentation = MethodDocumentation(
    summary: "send the weights that are left back to initialization, masks staying",
    description: """
      Follows a method that masks weights: those that are left become what they were when the training of the network began, \
      biases and norms too, running statistics start afresh, and masks stay. The stage's training then trains the sparse \
      network from its lottery ticket, with the epochs and rates of the whole network's training. It wants to know the \
      network's initialization, so not an imported model, and whole layers: channels that were removed since, or layers that \
      were replaced, have none. To rewind the learning rate alone needs no method: the stage that recovers takes the \
      schedule of the whole network's training.
      """,
    formula: "w = mask·w(initialization)",
    paper: """
      Frankle, Carbin, "The lottery ticket hypothesis: finding sparse, trainable neural networks", 2019, arXiv:1803.03635; rates: \
      Renda, Frankle, Carbin, "Comparing rewinding and fine-tuning in neural network pruning", 2020, arXiv:2003.02389
      """)

  /// The only way.
  public init() {}

  public static var settings: [Setting<Rewind>] { [] }
  public var evidence: Set<EvidenceKind> { [.initialWeights] }

  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    graph.slots(of: node).contains(where: \.slot.isTrainable)
      ? .applicable : .notApplicable(reason: "it has no weights")
  }

  public func compress(_ compression: inout Compression<Rewind>) throws -> Rewrite {
    let layers = compression.layers
    guard !layers.isEmpty else {
      throw MethodError.nothingToDo(method: Self.name, reason: "no layer with weights is left to it")
    }
    let initial = try compression.evidence.initialWeights()
    var graph = compression.graph
    for (node, _) in layers {
      for (name, slot) in graph.slots(of: node) {
        guard var parameter = graph.parameters[name] else { continue }
        let inner = try parameter.plainFloats(name, for: Self.name)
        let survivors = parameter.survivors
        if slot.isTrainable {
          guard let first = initial[name] else {
            throw MethodError.impossible(
              method: Self.name, node: node.name,
              reason: "\(name) was not there, or had another shape, at initialization; "
                + "put the method before what removes channels or replaces layers, or leave the layer out")
          }
          parameter.value = first
        } else {
          var random = SeededRandom(seed: 0, purpose: "rewind " + name)
          parameter.value = slot.initializer.tensor(slot.shape, &random)
        }
        graph.parameters[name] = inner is Sparse ? parameter.masked(by: survivors) : parameter
      }
    }
    return Rewrite(inPlace: graph)
  }
}
