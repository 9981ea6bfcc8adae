public import Tensors

/// Every pixel repeated: `y[c,i,j] = x[c, ⌊i/f⌋, ⌊j/f⌋]`.
public struct IntegerUpsample: IntegerKernel {
  /// The name in listings: `upsample`.
  public static let kind = "upsample"

  /// The input's shape, `[C, H, W]`.
  public let input: Shape
  /// The factor f by which rows and columns are multiplied.
  public let factor: Int

  /// Makes a kernel.
  public init(input: Shape, factor: Int) {
    self.input = input
    self.factor = factor
  }

  /// Copies each output pixel from its source.
  public func forward(_ inputs: [[Int8]]) -> [Int8] {
    var y: [Int8] = []
    y.reserveCapacity(input.count * factor * factor)
    for channel in 0..<input[0] {
      for row in 0..<input[1] * factor {
        for column in 0..<input[2] * factor {
          y.append(inputs[0][(channel * input[1] + row / factor) * input[2] + column / factor])
        }
      }
    }
    return y
  }
}
