public import Graphs
public import Tensors

/// An op of which objectives alone are made: no network has it, no file holds it.
public protocol ObjectiveOp: Op {}

extension ObjectiveOp {
  /// What is removed is removed from networks.
  public func channels(_ inputs: [Shape]) -> ChannelRule {
    .fixed(reason: "an objective says what all of them should be")
  }
}
