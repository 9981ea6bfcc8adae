public import Graphs

/// A method that removes channels as `ChannelPruning` does, and does more around it.
public protocol ChannelPruningMethod: CompressionMethod {
  /// The channels to remove in the end, and the schedule.
  var pruning: ChannelPruning { get set }
}

extension ChannelPruningMethod {
  /// The family that rankings show it in: pruning.
  public static var family: MethodFamily { .pruning }
  /// Changes nodes and shapes.
  public static var order: PipelineOrder { .structure }
  /// The strength is the sparsity.
  public static var strength: WritableKeyPath<Self, Double>? { \.pruning.amount.sparsity }
  /// The evidence of the pruning.
  public var evidence: Set<EvidenceKind> { pruning.evidence }
  /// The random control of the pruning.
  public var randomControl: (any CompressionMethod)? { pruning.randomControl }

  /// Refuses the same layers as the pruning.
  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    pruning.applicability(to: node, in: graph)
  }

  /// The layers that the pruning ties to the node.
  public func layersTied(to node: Node, in graph: Graph) -> [String] {
    pruning.layersTied(to: node, in: graph)
  }
}
