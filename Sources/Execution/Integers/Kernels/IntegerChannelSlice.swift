public import Tensors

/// Some channels in a row: `y[c, p] = x[start + c, p]`.
public struct IntegerChannelSlice: IntegerKernel {
  public static let kind = "channel-slice"

  /// `[C, …]`.
  public let shape: Shape
  /// The first channel.
  public let start: Int
  /// How many there are.
  public let count: Int

  /// Makes a kernel.
  public init(shape: Shape, start: Int, count: Int) {
    self.shape = shape
    self.start = start
    self.count = count
  }

  public func forward(_ inputs: [[Int8]]) -> [Int8] {
    let plane = shape.count / shape[0]
    return Array(inputs[0][start * plane..<(start + count) * plane])
  }
}
