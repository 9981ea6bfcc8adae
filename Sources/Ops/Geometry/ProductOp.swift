public import Graphs

/// An op that makes each output channel as a sum of products of its input with the op's weight.
///
/// It may add a bias. Its slots are `weight`, whose axis 0 counts output channels, and `bias` `[O]` if it has
/// one. A factor of an output channel is therefore a factor of a slice of the weight, and integer products
/// have the scale of the input times that of the weight.
public protocol ProductOp: Op {
  /// True if each output channel adds a bias.
  var bias: Bool { get set }
  /// The number of groups of input channels; an output channel is made of one group alone.
  var groups: Int { get }
}

extension ProductOp {
  /// One group: every output channel is made of all input channels.
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
