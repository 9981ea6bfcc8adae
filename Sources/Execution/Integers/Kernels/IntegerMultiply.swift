public import Graphs
public import Tensors

/// The product of a value and a second one, which may be one number a channel or one a pixel.
///
/// **Formula**: `y[c,p] = clamp(zero_y + rescale((a[c,p] - zero_a) · (b[c or 0, p or 0] - zero_b)))`, the ratio being scale_a · scale_b /
/// scale_y.
public struct IntegerMultiply: IntegerKernel {
  public static let kind = "multiply"

  /// `[C, H, W]` or `[F]`.
  public let input: Shape
  /// The same, `[C, 1, 1]` or `[1, H, W]`.
  public let factor: Shape
  /// The integer that stands for zero in the first input.
  public let inputZero: Int32
  /// The integer that stands for zero in the second input.
  public let factorZero: Int32
  /// First scale times second scale / output scale.
  public let rescale: Rescale
  /// The integer that stands for zero in the output.
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

  public var placement: OutputPlacement { .inPlace }

  /// The element of the second input by which an element of the first is multiplied.
  public func factorIndex(_ index: Int) -> Int {
    if factor.count == input.count { return index }
    let plane = input.count / input[0]
    return factor[0] == input[0] ? index / plane : index % plane
  }

  public func forward(_ inputs: [[Int8]]) -> [Int8] {
    inputs[0].indices.map { i in
      let product = (Int32(inputs[0][i]) - inputZero) * (Int32(inputs[1][factorIndex(i)]) - factorZero)
      return Int8(min(max(outputZero + rescale(product), bounds.lowerBound), bounds.upperBound))
    }
  }
}
