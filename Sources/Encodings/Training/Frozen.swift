public import Graphs
public import Tensors

/// Weights of which some are fixed at numbers of the encoding that ships, while the others train as floats.
///
/// **Formula**: `w = number` for frozen elements, else the master, within the mask of the inner encoding if
/// it has one.
///
/// **Gradient**: zero for frozen elements, else unchanged.
///
/// **Paper**: Zhou, Yao, Guo, Xu, Chen, "Incremental network quantization: towards lossless CNNs with
/// low-precision weights", ICLR 2017, arXiv:1702.03044.
public struct Frozen: TrainingEncoding {
  /// The name in files: `frozen`.
  public static let kind = "frozen"

  /// The elements that are fixed.
  public let mask: Mask
  /// The numbers of fixed elements, row-major; zero for the others.
  public let values: [Float]
  /// The encoding that the parameter ships with.
  public let inner: any Encoding

  /// Makes an encoding; there must be a number for each element of the mask.
  public init(mask: Mask, values: [Float], inner: any Encoding) {
    precondition(mask.count == values.count, "\(values.count) numbers for \(mask.count) elements")
    self.mask = mask
    self.values = values
    self.inner = inner
  }

  /// Equal if masks, numbers and inner encodings are.
  public static func == (a: Frozen, b: Frozen) -> Bool {
    a.mask == b.mask && a.values == b.values && a.inner.isEqual(to: b.inner)
  }

  /// Applies the inner mask, and sets fixed elements to their numbers.
  public func project(_ values: inout MutableSpan<Float>, shape: Shape) {
    (inner as? Sparse)?.mask.apply(to: &values)
    for i in values.indices where mask[i] { values[i] = self.values[i] }
  }

  /// Stops the gradients of fixed elements, and of those outside the inner mask.
  public func backward(_ gradient: inout MutableSpan<Float>, masters: Span<Float>, shape: Shape) {
    (inner as? Sparse)?.mask.apply(to: &gradient)
    for i in gradient.indices where mask[i] { gradient[i] = 0 }
  }

  /// The elements that the inner encoding counts.
  public func nonZeroCount(_ values: Span<Float>) -> Int { inner.nonZeroCount(values) }

  /// The slice of the mask, the numbers and the inner encoding.
  public func sliced(_ kept: [Int: [Int]], shape: Shape) -> Frozen {
    Frozen(
      mask: mask.sliced(kept, shape: shape), values: Self.sliced(values, kept, shape: shape),
      inner: inner.sliced(kept, shape: shape))
  }

  /// The rest of the inner encoding: scaled elements are no longer fixed.
  public func afterChannelScaling() -> any Encoding { inner.afterChannelScaling() }

  /// Stores the streams `frozen` (one bit for each element) and `values` (floats), then those of the inner
  /// encoding.
  public func store(_ tensor: Tensor) -> StoredTensor {
    stored(
      tensor,
      behind: [
        .init(name: "frozen", bits: 1, symbols: (0..<mask.count).map { UInt32(mask[$0] ? 1 : 0) }),
        .init(name: "values", bits: 32, symbols: tensor.values.map(\.bitPattern)),
      ])
  }

  /// Restores mask, numbers and inner encoding.
  ///
  /// It refuses a mask or values of another size, and an inner encoding that does not ship.
  public static func restore(_ stored: StoredTensor, shape: Shape) throws(EncodingError) -> (Frozen, Tensor) {
    let bits = try stored.stream("frozen", bits: 1, of: kind)
    let values = try stored.stream("values", bits: 32, of: kind).map(Float.init(bitPattern:))
    guard bits.count == shape.count, values.count == shape.count else {
      throw .invalid(
        kind: kind, what: "frozen", expected: "\(shape.count) bits and values",
        found: "\(bits.count) and \(values.count)")
    }
    let (inner, _) = try restoreInner(stored, shape: shape, behind: 2)
    let mask = Mask(bits.map { $0 == 1 })
    let fixed = values.indices.map { mask[$0] ? values[$0] : 0 }
    return (Frozen(mask: mask, values: fixed, inner: inner), Tensor(values, shape: shape))
  }
}
