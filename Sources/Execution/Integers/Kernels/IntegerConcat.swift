/// Inputs one after another along channels, each brought to the output's scale.
///
/// **Formula**: `y = clamp(zero_y + rescale_k(x - zero_k))`; an input that has the output's scale and zero point is copied.
public struct IntegerConcat: IntegerKernel {
  public static let kind = "concat"

  /// One of the inputs.
  public struct Part: Sendable, Equatable {
    /// Its elements for one image.
    public let count: Int
    /// The integer that stands for zero.
    public let zero: Int32
    /// Input scale / output scale; `nil` where integers are copied as they are.
    public let rescale: Rescale?

    /// Makes a part.
    public init(count: Int, zero: Int32, rescale: Rescale?) {
      self.count = count
      self.zero = zero
      self.rescale = rescale
    }
  }

  /// The inputs, in order.
  public let parts: [Part]
  /// The integer that stands for zero in the output.
  public let outputZero: Int32
  /// The least and the greatest output.
  public let bounds: ClosedRange<Int32>

  /// Makes a kernel.
  public init(parts: [Part], outputZero: Int32, bounds: ClosedRange<Int32>) {
    self.parts = parts
    self.outputZero = outputZero
    self.bounds = bounds
  }

  public func forward(_ inputs: [[Int8]]) -> [Int8] {
    zip(parts, inputs).flatMap { part, input in
      guard let rescale = part.rescale else { return input }
      return input.map { x in
        Int8(min(max(outputZero + rescale(Int32(x) - part.zero), bounds.lowerBound), bounds.upperBound))
      }
    }
  }
}
