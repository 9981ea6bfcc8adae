public import Graphs
public import Tensors

/// Weights of which some are fixed at numbers of the encoding that ships, while the others train as floats.
///
/// **Formula**: `w = number` where frozen, else the master (within a mask, where the inner encoding has one).
///
/// **Gradient**: zero where frozen, else as it is.
///
/// **Paper**: Zhou, Yao, Guo, Xu, Chen, "Incremental network quantization: towards lossless CNNs with low-precision weights", ICLR
/// 2017, arXiv:1702.03044.
public struct Frozen: TrainingEncoding {
  public static let kind = "frozen"

  /// Which elements are fixed.
  public let mask: Mask
  /// The numbers of fixed elements, row-major; zero for the others.
  public let values: [Float]
  /// What all are stored as in the end.
  public let inner: any Encoding

  /// Makes an encoding.
  public init(mask: Mask, values: [Float], inner: any Encoding) {
    precondition(mask.count == values.count, "\(values.count) numbers for \(mask.count) elements")
    self.mask = mask
    self.values = values
    self.inner = inner
  }

  public static func == (a: Frozen, b: Frozen) -> Bool {
    a.mask == b.mask && a.values == b.values && a.inner.isEqual(to: b.inner)
  }

  public func project(_ values: inout MutableSpan<Float>, shape: Shape) {
    (inner as? Sparse)?.mask.apply(to: &values)
    for i in values.indices where mask[i] { values[i] = self.values[i] }
  }

  public func backward(_ gradient: inout MutableSpan<Float>, masters: Span<Float>, shape: Shape) {
    (inner as? Sparse)?.mask.apply(to: &gradient)
    for i in gradient.indices where mask[i] { gradient[i] = 0 }
  }

  public func nonZeroCount(_ values: Span<Float>) -> Int { inner.nonZeroCount(values) }

  public func sliced(_ kept: [Int: [Int]], shape: Shape) -> Frozen {
    Frozen(
      mask: mask.sliced(kept, shape: shape), values: Self.sliced(values, kept, shape: shape),
      inner: inner.sliced(kept, shape: shape))
  }

  public func afterChannelScaling() -> any Encoding { inner.afterChannelScaling() }

  /// The streams `frozen`, one bit an element, and `values`, floats, then the inner encoding's.
  public func store(_ tensor: Tensor) -> StoredTensor {
    stored(
      tensor,
      behind: [
        .init(name: "frozen", bits: 1, symbols: (0..<mask.count).map { UInt32(mask[$0] ? 1 : 0) }),
        .init(name: "values", bits: 32, symbols: tensor.values.map(\.bitPattern)),
      ])
  }

  /// Refuses a mask or values of another size, and an inner encoding that does not ship.
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
