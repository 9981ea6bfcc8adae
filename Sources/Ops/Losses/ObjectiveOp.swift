public import Graphs
public import Tensors

/// An op that only objectives have: no network and no file holds it.
public protocol ObjectiveOp: Op {}

extension ObjectiveOp {
  /// Channels cannot be removed: the objective prescribes all of them.
  public func channels(_ inputs: [Shape]) -> ChannelRule {
    .fixed(reason: "an objective says what all of them should be")
  }
}
