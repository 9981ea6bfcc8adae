public import Graphs

/// An op that makes each output channel by multiplying its input by a weight of its own and summing, and may add a bias.
///
/// Its slots are `weight`, whose axis 0 counts output channels, and `bias` `[O]` where it has one. So what scales an output channel
/// scales a slice of the weight, and integer products have the scale of the input times that of the weight.
public protocol ProductOp: Op {
  /// Whether each output channel adds a bias.
  var bias: Bool { get set }
  /// Groups of input channels that do not see one another; 1 where every output channel is made of all.
  var groups: Int { get }
}

extension ProductOp {
  /// All input channels are one group.
  public var groups: Int { 1 }

  /// The same layer with a bias.
  public func withBias() -> Self {
    var layer = self
    layer.bias = true
    return layer
  }

  /// The same layer without a bias.
  public func withoutBias() -> Self {
    var layer = self
    layer.bias = false
    return layer
  }
}
