public import Tensors

/// Channels in another order: `y[j·groups + g, p] = x[g·C/groups + j, p]`.
public struct IntegerChannelShuffle: IntegerKernel {
  public static let kind = "channel-shuffle"

  /// `[C, …]`.
  public let shape: Shape
  /// The groups that are interleaved; they divide C.
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

  public func forward(_ inputs: [[Int8]]) -> [Int8] {
    let plane = shape.count / shape[0]
    return (0..<shape[0]).flatMap { channel in
      let start = source(ofChannel: channel) * plane
      return inputs[0][start..<(start + plane)]
    }
  }
}
