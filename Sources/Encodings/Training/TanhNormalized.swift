import Foundation
public import Graphs
public import Tensors

/// Weights on evenly spaced numbers of either sign, by their hyperbolic tangent (DoReFa).
///
/// **Formula**: `w = scale · (2·round(n · r)/n - 1)` with `r = tanh(master)/(2·max|tanh(master)|) + 1/2`,
/// `n = 2^bits - 1` and ties to even. None of the 2^bits numbers is zero. The paper's scale is 1, for which a
/// batch norm behind makes up; with the largest |tanh| of the first weights the network starts where it was.
/// Elements outside a mask are zero, and have no part in the maximum.
///
/// **Gradient**: straight through the rounding; that of tangent and maximum are derivatives.
///
/// **Paper**: Zhou, Wu, Ni, Zhou, Wen, Zou, "DoReFa-Net: training low bitwidth convolutional neural networks
/// with low bitwidth gradients", 2016, arXiv:1606.06160.
public struct TanhNormalized: TrainingEncoding {
  /// The name in files: `tanh-normalized`.
  public static let kind = "tanh-normalized"

  /// Bits of a weight, 2...7.
  public let levelBits: Int
  /// The largest weight, positive.
  public let scale: Float
  /// Plain floats, or a mask around them.
  public let inner: any Encoding

  /// Makes an encoding of 2...7 bits; the scale must be a positive number.
  public init(bits: Int, scale: Float, inner: any Encoding = Dense()) {
    let problem = Self.problem(bits: bits, scale: scale)
    precondition(problem == nil, problem ?? "")
    levelBits = bits
    self.scale = scale
    self.inner = inner
  }

  /// The encoding whose largest weight is the largest |tanh| of some weights; `nil` if that is not normal.
  public init?(bits: Int, startingAt weight: Parameter) {
    let largest = weight.projected.values.reduce(Float(0)) { max($0, tanh($1).magnitude) }
    guard Self.problem(bits: bits, scale: largest) == nil else { return nil }
    self.init(bits: bits, scale: largest, inner: weight.encoding)
  }

  /// The reason for which numbers are invalid; `nil` if they are valid.
  private static func problem(bits: Int, scale: Float) -> String? {
    guard (2...7).contains(bits) else { return "\(bits) bits" }
    return scale >= 0x1p-100 && scale.isFinite ? nil : "a scale of \(scale)"
  }

  /// The number of steps between the least and the largest weight.
  private var steps: Float { Float(1 << levelBits - 1) }
  private var mask: Mask? { (inner as? Sparse)?.mask }

  /// The integers of one bit more on which all numbers lie, as odd multiples of their scale.
  public var grid: Integer { Integer(bits: levelBits + 1, scales: [scale / steps]) }

  /// The parameter as it ships: a codebook of 2^bits numbers, with zero for masked elements.
  ///
  /// `nil` if a weight is not finite.
  public func settled(_ masters: Tensor) -> Parameter? {
    var tensor = masters
    var span = tensor.values.mutableSpan
    project(&span, shape: masters.shape)
    guard tensor.values.allSatisfy(\.isFinite) else { return nil }
    let clusters = tensor.values.map { UInt16(((min(max($0 / scale, -1), 1) + 1) / 2 * steps).rounded()) }
    let codebook = Codebook(assignments: clusters, count: 1 << levelBits, hasZero: false)
    return Parameter(tensor, encoding: mask.map { Sparse(mask: $0, inner: codebook) } ?? codebook)
  }

  /// Equal if bits, scales and inner encodings are.
  public static func == (a: TanhNormalized, b: TanhNormalized) -> Bool {
    a.levelBits == b.levelBits && a.scale == b.scale && a.inner.isEqual(to: b.inner)
  }

  /// The bits of a weight.
  public var bits: Int { levelBits }

  /// The place of the master with the largest |tanh|, the first of several, and that number.
  private func largest(_ masters: Span<Float>) -> (place: Int, tangent: Float) {
    let mask = mask
    var (place, largest) = (0, Float(0))
    for i in masters.indices where masters[i].magnitude > largest && mask?[i] ?? true {
      (place, largest) = (i, masters[i].magnitude)
    }
    return (place, tanh(largest))
  }

  /// Replaces each element by the nearest number in the normalized tangent.
  public func project(_ values: inout MutableSpan<Float>, shape: Shape) {
    let largest = largest(values.span).tangent
    let steps = steps
    let half = largest > 0 ? 1 / (2 * largest) : 0
    for i in values.indices {
      let share = tanh(values[i]) * half + 0.5
      values[i] = scale * (2 * roundedToEven(steps * clamped(share, 0, 1)) / steps - 1)
    }
    inner.project(&values, shape: shape)
  }

  /// Multiplies by the derivative of the normalized tangent.
  public func backward(_ gradient: inout MutableSpan<Float>, masters: Span<Float>, shape: Shape) {
    inner.backward(&gradient, masters: masters, shape: shape)
    let (place, largest) = largest(masters)
    let factor = largest > 0 ? scale / largest : 0
    var byLargest = 0.0
    for i in gradient.indices {
      let tangent = tanh(masters[i])
      byLargest -= Double(gradient[i] * tangent)
      gradient[i] *= factor * (1 - tangent * tangent)
    }
    guard largest > 0 else { return }
    // The maximum divides all tangents, so it has the gradient of all.
    let slope = (1 - largest * largest) * (masters[place] < 0 ? -1 : 1)
    gradient[place] += factor / largest * Float(byLargest) * slope
  }

  /// The elements that the inner encoding counts.
  public func nonZeroCount(_ values: Span<Float>) -> Int { inner.nonZeroCount(values) }

  /// The slice of the inner encoding, with the same bits and scale.
  public func sliced(_ kept: [Int: [Int]], shape: Shape) -> TanhNormalized {
    TanhNormalized(bits: levelBits, scale: scale, inner: inner.sliced(kept, shape: shape))
  }

  /// The rest of the inner encoding: channels with different factors no longer share numbers.
  public func afterChannelScaling() -> any Encoding { inner.afterChannelScaling() }

  /// Stores the stream `scale` (bits and scale, as floats), then those of the inner encoding.
  public func store(_ tensor: Tensor) -> StoredTensor {
    let numbers = [Float(levelBits), scale]
    return stored(tensor, behind: [.init(name: "scale", bits: 32, symbols: numbers.map(\.bitPattern))])
  }

  /// Restores bits, scale and inner encoding; refuses other numbers, and an inner encoding of other kinds.
  public static func restore(
    _ stored: StoredTensor, shape: Shape
  ) throws(EncodingError) -> (TanhNormalized, Tensor) {
    let numbers = try stored.stream("scale", bits: 32, of: kind).map(Float.init(bitPattern:))
    guard numbers.count == 2, let bits = Int(exactly: numbers[0]),
      problem(bits: bits, scale: numbers[1]) == nil
    else {
      throw .invalid(
        kind: kind, what: "scale", expected: "2 to 7 bits, and a positive scale", found: "\(numbers)")
    }
    let (inner, tensor) = try restoreInner(stored, shape: shape, behind: 1)
    return (TanhNormalized(bits: bits, scale: numbers[1], inner: inner), tensor)
  }
}
