public import Tensors

/// An image laid out pixel by pixel: `y[p·C + c] = x[c, p]`.
public struct IntegerPixelRows: IntegerKernel {
  /// The name in listings: `pixel-rows`.
  public static let kind = "pixel-rows"

  /// The input's shape, `[C, H, W]`.
  public let shape: Shape

  /// Makes a kernel.
  public init(shape: Shape) { self.shape = shape }

  /// The row-major input element that an output element copies.
  public func source(ofElement index: Int) -> Int {
    index % shape[0] * (shape.count / shape[0]) + index / shape[0]
  }

  /// Copies each element from its source.
  public func forward(_ inputs: [[Int8]]) -> [Int8] {
    inputs[0].indices.map { inputs[0][source(ofElement: $0)] }
  }
}
