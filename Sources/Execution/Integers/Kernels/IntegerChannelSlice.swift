public import Tensors

/// A range of channels: `y[c, p] = x[start + c, p]`.
public struct IntegerChannelSlice: IntegerKernel {
  /// The name in listings: `channel-slice`.
  public static let kind = "channel-slice"

  /// The input's shape, `[C, …]`.
  public let shape: Shape
  /// The first channel.
  public let start: Int
  /// The number of channels.
  public let count: Int

  /// Makes a kernel.
  public init(shape: Shape, start: Int, count: Int) {
    self.shape = shape
    self.start = start
    self.count = count
  }

  /// Copies the range of channels.
  public func forward(_ inputs: [[Int8]]) -> [Int8] {
    let plane = shape.count / shape[0]
    return Array(inputs[0][start * plane..<(start + count) * plane])
  }
}
