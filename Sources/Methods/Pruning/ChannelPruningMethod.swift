public import Graphs

/// A method that removes channels as `ChannelPruning` does, and does more around it.
public protocol ChannelPruningMethod: CompressionMethod {
  /// What is removed in the end, and when.
  var pruning: ChannelPruning { get set }
}

extension ChannelPruningMethod {
  public static var family: MethodFamily { .pruning }
  public static var order: PipelineOrder { .structure }
  public static var strength: WritableKeyPath<Self, Double>? { \.pruning.amount.sparsity }
  public var evidence: Set<EvidenceKind> { pruning.evidence }
  public var randomControl: (any CompressionMethod)? { pruning.randomControl }

  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    pruning.applicability(to: node, in: graph)
  }

  public func layersTied(to node: Node, in graph: Graph) -> [String] {
    pruning.layersTied(to: node, in: graph)
  }
}
