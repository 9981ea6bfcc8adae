import Encodings
public import Graphs
public import Settings
import Tensors

/// Sends the weights that pruning has left back to their initialization, or to new draws.
public struct Rewind: CompressionMethod {
  /// The name in recipes: `rewind`.
  public static let name = "rewind"
  /// The family that rankings show it in: pruning.
  public static let family = MethodFamily.pruning
  /// Decides which weights are zero.
  public static let order = PipelineOrder.sparsity
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "reset the weights that are left to initialization, or draw them anew",
    description: """
      Stands behind a method that masks weights. The weights that are left get the values that they had when the \
      training of the network began; so do biases and norms. Running statistics start afresh, and masks stay. The \
      stage's training then trains the sparse network from its lottery ticket; give it the epochs and rates of the \
      whole network's training. The network's initialization must be known, so an imported model is refused, and so \
      are layers of which channels were removed since and layers that were replaced. With "to: random" all weights \
      are drawn anew for the present shape, whatever was removed: this is the control of the lottery ticket, and the \
      last stage of pruning from scratch (Recipes/pruning-from-scratch.yaml). Rewinding the learning rate alone \
      needs no method: give the stage that recovers the schedule of the whole network's training.
      """,
    formula: "w = mask·w(initialization), or mask·(new draws of the layer's initializer)",
    paper: """
      Frankle, Carbin, "The lottery ticket hypothesis: finding sparse, trainable neural networks", 2019, arXiv:1803.03635; rates: \
      Renda, Frankle, Carbin, "Comparing rewinding and fine-tuning in neural network pruning", 2020, arXiv:2003.02389; shapes \
      trained from new weights: Wang et al., "Pruning from scratch", 2020, arXiv:1909.12579
      """)

  /// The values to which weights are sent.
  public enum Goal: String, Sendable, SettingChoice {
    /// Their values when the training of the network began.
    case initialization
    /// New draws of the layer's initializer.
    case random
  }

  /// The values to which weights are sent.
  public var goal = Goal.initialization

  /// Sends weights to their initialization.
  public init() {}

  /// Sends weights to their initialization, or to new draws.
  public init(to goal: Goal) { self.goal = goal }

  /// Settings: `to`.
  public static var settings: [Setting<Rewind>] {
    [
      Setting(
        "to", \.goal,
        "new values of the weights: initialization, those from before the network's training; random, drawn anew for the present shape"
      ).omittedAsDefault()
    ]
  }
  /// Initial weights, unless weights are drawn anew.
  public var evidence: Set<EvidenceKind> { goal == .initialization ? [.initialWeights] : [] }

  /// Refuses nodes without trainable parameters.
  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    graph.slots(of: node).contains(where: \.slot.isTrainable)
      ? .applicable : .notApplicable(reason: "it has no weights")
  }

  /// Resets parameters and running statistics and keeps masks; throws for parameters without an
  /// initialization.
  public func compress(_ compression: inout Compression<Rewind>) throws -> Rewrite {
    let layers = compression.layers
    guard !layers.isEmpty else {
      throw MethodError.nothingToDo(
        method: Self.name, reason: "the network has no layers with weights, or the recipe leaves them all out"
      )
    }
    let goals = Set(layers.map(\.settings.goal))
    let initial = goals.contains(.initialization) ? try compression.evidence.initialWeights() : [:]
    var graph = compression.graph
    for (node, settings) in layers {
      for (name, slot) in graph.slots(of: node) {
        guard var parameter = graph.parameters[name] else { continue }
        let inner = try parameter.plainFloats(name, for: Self.name)
        let survivors = parameter.survivors
        if slot.isTrainable, settings.goal == .initialization {
          guard let first = initial[name] else {
            throw MethodError.impossible(
              method: Self.name, node: node.name,
              reason: "\(name) was not there, or had another shape, at initialization; "
                + "put the method before what removes channels or replaces layers, leave the layer out, or draw it anew (to: random)"
            )
          }
          parameter.value = first
        } else {
          var random = SeededRandom(seed: compression.random.key, purpose: "rewind " + name)
          parameter.value = slot.initializer.tensor(slot.shape, &random)
        }
        graph.parameters[name] = inner is Sparse ? parameter.masked(by: survivors) : parameter
      }
    }
    return Rewrite(inPlace: graph)
  }
}
