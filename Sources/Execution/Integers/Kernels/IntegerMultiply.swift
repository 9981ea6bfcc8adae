public import Graphs
public import Tensors

/// The product of a value and a second one, which may have one number for each channel or for each pixel.
///
/// **Formula**: `y[c,p] = clamp(zero_y + rescale((a[c,p] - zero_a) · (b[c or 0, p or 0] - zero_b)))`, with
/// the ratio scale_a · scale_b / scale_y.
public struct IntegerMultiply: IntegerKernel {
  /// The name in listings: `multiply`.
  public static let kind = "multiply"

  /// The first input's shape, `[C, H, W]` or `[F]`.
  public let input: Shape
  /// The second input's shape: the same, `[C, 1, 1]` or `[1, H, W]`.
  public let factor: Shape
  /// The integer for zero in the first input.
  public let inputZero: Int32
  /// The integer for zero in the second input.
  public let factorZero: Int32
  /// The ratio first scale · second scale / output scale.
  public let rescale: Rescale
  /// The integer for zero in the output.
  public let outputZero: Int32
  /// The least and the greatest output.
  public let bounds: ClosedRange<Int32>

  /// Makes a kernel.
  public init(
    input: Shape, factor: Shape, inputZero: Int32, factorZero: Int32, rescale: Rescale, outputZero: Int32,
    bounds: ClosedRange<Int32>
  ) {
    self.input = input
    self.factor = factor
    self.inputZero = inputZero
    self.factorZero = factorZero
    self.rescale = rescale
    self.outputZero = outputZero
    self.bounds = bounds
  }

  /// The output may lie over an input.
  public var placement: OutputPlacement { .inPlace }

  /// The element of the second input that multiplies an element of the first.
  public func factorIndex(_ index: Int) -> Int {
    if factor.count == input.count { return index }
    let plane = input.count / input[0]
    return factor[0] == input[0] ? index / plane : index % plane
  }

  /// Multiplies distances from zero, and rescales each product.
  public func forward(_ inputs: [[Int8]]) -> [Int8] {
    inputs[0].indices.map { i in
      let product = (Int32(inputs[0][i]) - inputZero) * (Int32(inputs[1][factorIndex(i)]) - factorZero)
      return Int8(min(max(outputZero + rescale(product), bounds.lowerBound), bounds.upperBound))
    }
  }
}
