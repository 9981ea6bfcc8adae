/// Inputs one after another along channels, each brought to the output's scale.
///
/// **Formula**: `y = clamp(zero_y + rescale_k(x - zero_k))`; an input that has the output's scale and zero
/// point is copied.
public struct IntegerConcat: IntegerKernel {
  /// The name in listings: `concat`.
  public static let kind = "concat"

  /// One of the inputs.
  public struct Part: Sendable, Equatable {
    /// The number of its elements for one image.
    public let count: Int
    /// The integer for zero.
    public let zero: Int32
    /// The ratio input scale / output scale; `nil` if integers are copied.
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
  /// The integer for zero in the output.
  public let outputZero: Int32
  /// The least and the greatest output.
  public let bounds: ClosedRange<Int32>

  /// Makes a kernel.
  public init(parts: [Part], outputZero: Int32, bounds: ClosedRange<Int32>) {
    self.parts = parts
    self.outputZero = outputZero
    self.bounds = bounds
  }

  /// Rescales or copies each input.
  public func forward(_ inputs: [[Int8]]) -> [Int8] {
    zip(parts, inputs).flatMap { part, input in
      guard let rescale = part.rescale else { return input }
      return input.map { x in
        Int8(min(max(outputZero + rescale(Int32(x) - part.zero), bounds.lowerBound), bounds.upperBound))
      }
    }
  }
}
