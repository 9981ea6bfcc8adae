public import Tensors

/// Every pixel repeated: `y[c,i,j] = x[c, i/f, j/f]`, rounded down.
public struct IntegerUpsample: IntegerKernel {
  public static let kind = "upsample"

  /// `[C, H, W]`.
  public let input: Shape
  /// How many times more rows and columns.
  public let factor: Int

  /// Makes a kernel.
  public init(input: Shape, factor: Int) {
    self.input = input
    self.factor = factor
  }

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
