public import Tensors

/// A reordering of channels: `y[j·groups + g, p] = x[g·C/groups + j, p]`.
public struct IntegerChannelShuffle: IntegerKernel {
  /// The name in listings: `channel-shuffle`.
  public static let kind = "channel-shuffle"

  /// The shape, `[C, …]`.
  public let shape: Shape
  /// The number of groups that are interleaved; it divides C.
  public let groups: Int

  /// Makes a kernel.
  public init(shape: Shape, groups: Int) {
    self.shape = shape
    self.groups = groups
  }

  /// The input channel that an output channel copies.
  public func source(ofChannel channel: Int) -> Int {
    channel % groups * (shape[0] / groups) + channel / groups
  }

  /// Copies each channel from its source.
  public func forward(_ inputs: [[Int8]]) -> [Int8] {
    let plane = shape.count / shape[0]
    return (0..<shape[0]).flatMap { channel in
      let start = source(ofChannel: channel) * plane
      return inputs[0][start..<(start + plane)]
    }
  }
}
