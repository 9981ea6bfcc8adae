public import Graphs
public import Tensors

/// A mask that can be taken back: elements outside are zero for the kernels, while their masters go on
/// learning.
///
/// **Formula**: `w = mask ⊙ inner(master)`.
///
/// **Gradient**: `inner'(gradient)` for all masters, straight through the mask. A weight whose absence raises
/// the loss grows, until the method that made the mask splices it back.
///
/// **Paper**: Guo, Yao, Chen, "Dynamic network surgery for efficient DNNs", 2016, arXiv:1608.04493.
public struct Spliced: TrainingEncoding {
  /// The name in files: `spliced`.
  public static let kind = "spliced"

  /// The elements that the kernels see.
  public let mask: Mask
  /// Plain floats, or a permanent mask around them.
  public let inner: any Encoding

  /// Makes an encoding; elements outside an inner mask are outside this one too.
  public init(mask: Mask, inner: any Encoding = Dense()) {
    self.mask = (inner as? Sparse).map { mask.intersection($0.mask) } ?? mask
    self.inner = inner
  }

  /// Equal if masks and inner encodings are.
  public static func == (a: Spliced, b: Spliced) -> Bool { a.mask == b.mask && a.inner.isEqual(to: b.inner) }

  /// Projects by the inner encoding, and sets elements outside to zero.
  public func project(_ values: inout MutableSpan<Float>, shape: Shape) {
    inner.project(&values, shape: shape)
    mask.apply(to: &values)
  }

  /// `inner'(gradient)`, straight through the mask.
  public func backward(_ gradient: inout MutableSpan<Float>, masters: Span<Float>, shape: Shape) {
    inner.backward(&gradient, masters: masters, shape: shape)
  }

  /// The number of survivors.
  public func nonZeroCount(_ values: Span<Float>) -> Int { mask.survivorCount }

  /// The slice of the mask and the inner encoding.
  public func sliced(_ kept: [Int: [Int]], shape: Shape) -> Spliced {
    Spliced(mask: mask.sliced(kept, shape: shape), inner: inner.sliced(kept, shape: shape))
  }

  /// The mask around the rest of the inner encoding.
  public func afterChannelScaling() -> any Encoding {
    Spliced(mask: mask, inner: inner.afterChannelScaling())
  }

  /// Stores the stream `mask` (one bit for each element), then those of the inner encoding.
  public func store(_ tensor: Tensor) -> StoredTensor {
    let symbols = (0..<mask.count).map { UInt32(mask[$0] ? 1 : 0) }
    return stored(tensor, behind: [.init(name: "mask", bits: 1, symbols: symbols)])
  }

  /// Restores mask and inner encoding.
  ///
  /// It refuses a mask of another size, and an inner encoding that does not ship.
  public static func restore(
    _ stored: StoredTensor, shape: Shape
  ) throws(EncodingError) -> (Spliced, Tensor) {
    let symbols = try stored.stream("mask", bits: 1, of: kind)
    guard symbols.count == shape.count else {
      throw .invalid(kind: kind, what: "mask", expected: "\(shape.count) bits", found: "\(symbols.count)")
    }
    var (inner, tensor) = try restoreInner(stored, shape: shape, behind: 1)
    let encoding = Spliced(mask: Mask(symbols.map { $0 == 1 }), inner: inner)
    var values = tensor.values.mutableSpan
    encoding.mask.apply(to: &values)
    return (encoding, tensor)
  }
}
