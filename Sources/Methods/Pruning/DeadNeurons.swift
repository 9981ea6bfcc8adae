public import Graphs
public import Settings
import Tensors

/// Removes channels that pruning has left without effect.
public struct DeadNeurons: CompressionMethod {
  /// The name in recipes: `dead-neurons`.
  public static let name = "dead-neurons"
  /// The family that rankings show it in: pruning.
  public static let family = MethodFamily.pruning
  /// Belongs to the masks in the order, because it only removes channels that these have made useless.
  public static let order = PipelineOrder.sparsity
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "remove channels that no weight reads or no weight makes",
    description: """
      After weights have been pruned, a channel that only zero weights read has no effect, and a channel that only \
      zero weights make holds a constant: its bias, and what norms and activations make of it. The first kind is \
      removed with everything that is tied to it. The second kind is removed if its constant adds one number to each \
      output channel of the layers that read it; their biases take up that number. It stays if a padded border or a \
      missing bias prevents that. Channels that have no effect after that go too. In inference the network computes \
      the same as before.
      """,
    formula: "bias' = bias + sum over removed channels c of w[c]·constant[c]",
    paper: """
      Han, Pool, Tran, Dally, "Learning both weights and connections for efficient neural networks", 2015, \
      arXiv:1506.02626, section 3.5
      """)

  /// True if constant channels go too.
  public var foldsConstants = true

  /// Removes both kinds of dead channels.
  public init() {}

  /// Settings: `foldConstants`.
  public static var settings: [Setting<DeadNeurons>] {
    [
      Setting(
        "foldConstants", \.foldsConstants,
        "true removes channels that hold a constant too; biases of the next layers take it up")
    ]
  }

  /// Refuses layers whose channels must stay.
  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    graph.channelApplicability(to: node)
  }

  /// Removes unread and constant channels again and again until none is left; throws if there is none.
  public func compress(_ compression: inout Compression<DeadNeurons>) throws -> Rewrite {
    var rewrite = Rewrite(inPlace: compression.graph)
    while let next = try pass(rewrite.graph, compression) { rewrite = rewrite.followed(by: next) }
    guard rewrite.graph != compression.graph else {
      throw MethodError.nothingToDo(
        method: Self.name,
        reason: "each channel has weights that make it and weights that read it; prune weights first")
    }
    return rewrite
  }

  /// Removes the channels that are dead now; `nil` if none is.
  private func pass(
    _ graph: Graph, _ compression: Compression<DeadNeurons>
  ) throws -> Rewrite? {
    let constants = ChannelConstants(graph)
    var smaller = graph
    var units: [ChannelUnit] = []
    for group in graph.channelGroups() {
      let settings = graph.producers(of: group).map { compression.settings(for: $0.name) }
      guard settings.allSatisfy({ $0 != nil }) else { continue }
      let folds = settings.allSatisfy { $0?.foldsConstants == true }
      // The last channel stays, dead or not: a layer without channels is none.
      var remaining = group.units.count
      for (unit, outgoing) in zip(group.units, constants.outgoing(group)) where remaining > 1 {
        let additions = outgoing == 0 ? [:] : folds ? constants.contributions(of: unit) : nil
        guard let additions else { continue }
        for (bias, constants) in additions.sorted(by: { $0.key < $1.key }) {
          smaller.add(constants, to: bias)
        }
        units.append(unit)
        remaining -= 1
      }
    }
    guard !units.isEmpty else { return nil }
    return try located(Self.name) { try smaller.removingChannels(units) }
  }
}

extension Graph {
  /// Adds a number to each element of a parameter.
  fileprivate mutating func add(_ constants: [Float], to name: String) {
    guard var tensor = parameters[name]?.value else { return }
    for index in tensor.values.indices { tensor.values[index] += constants[index] }
    parameters[name]?.value = tensor
  }
}
