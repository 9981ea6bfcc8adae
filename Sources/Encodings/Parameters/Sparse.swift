public import Graphs
public import Tensors

/// A mask around another encoding: elements outside are zero, and survivors are encoded by the inner
/// encoding.
///
/// **Formula**: `w = mask ⊙ inner(master)`.
///
/// **Gradient**: `mask ⊙ inner'(mask ⊙ gradient)`. Elements outside do not move, and do not move those that
/// share their number.
///
/// **Size**: the symbols of survivors, and their places in the `PlaceForm` that takes the fewest bits.
///
/// **Paper**: Han, Mao, Dally, "Deep Compression", ICLR 2016, arXiv:1510.00149, section 2.
public struct Sparse: Encoding {
  /// The name in files: `sparse`.
  public static let kind = "sparse"

  /// The elements that survive.
  public let mask: Mask
  /// The encoding of survivors, which is never sparse itself.
  public let inner: any Encoding

  /// Makes an encoding; a mask around a mask keeps the elements that survive both.
  public init(mask: Mask, inner: any Encoding = Dense()) {
    if let sparse = inner as? Sparse {
      let both = mask.intersection(sparse.mask)
      self.mask = both
      self.inner = sparse.inner.masked(by: both)
    } else {
      self.mask = mask
      self.inner = inner.masked(by: mask)
    }
  }

  /// Equal if masks and inner encodings are.
  public static func == (a: Sparse, b: Sparse) -> Bool { a.mask == b.mask && a.inner.isEqual(to: b.inner) }

  /// Projects by the inner encoding, and sets elements outside to zero.
  public func project(_ values: inout MutableSpan<Float>, shape: Shape) {
    inner.project(&values, shape: shape)
    mask.apply(to: &values)
  }

  /// `mask ⊙ inner'(mask ⊙ gradient)`.
  public func backward(_ gradient: inout MutableSpan<Float>, masters: Span<Float>, shape: Shape) {
    mask.apply(to: &gradient)
    inner.backward(&gradient, masters: masters, shape: shape)
    mask.apply(to: &gradient)
  }

  /// True if the inner encoding keeps projected masters.
  public var keepsProjectedMasters: Bool { inner.keepsProjectedMasters }
  /// The number of survivors.
  public func nonZeroCount(_ values: Span<Float>) -> Int { mask.survivorCount }
  /// The bits of the inner encoding.
  public var bits: Int { inner.bits }

  /// The slice of the mask around that of the inner encoding.
  public func sliced(_ kept: [Int: [Int]], shape: Shape) -> Sparse {
    Sparse(mask: mask.sliced(kept, shape: shape), inner: inner.sliced(kept, shape: shape))
  }

  /// The elements that survive both masks.
  public func masked(by mask: Mask) -> Sparse { Sparse(mask: mask, inner: self) }
  /// The mask around the rest of the inner encoding.
  public func afterChannelScaling() -> any Encoding { Sparse(mask: mask, inner: inner.afterChannelScaling()) }
  /// The mask around the scaled inner encoding; `nil` if that cannot be scaled.
  public func scalingChannels(by factors: [Float], shape: Shape) -> Sparse? {
    inner.scalingChannels(by: factors, shape: shape).map { Sparse(mask: mask, inner: $0) }
  }

  /// Stores places and survivors in the form of the fewest bits.
  public func store(_ tensor: Tensor) -> StoredTensor { store(tensor, as: .packed) }

  /// Stores the streams of places, then those of the inner encoding.
  ///
  /// Of element-wise streams only the survivors' symbols are kept.
  public func store(_ tensor: Tensor, as form: StoredForm) -> StoredTensor {
    var stored = inner.store(tensor)
    let survivors = mask.survivors
    for index in stored.streams.indices where stored.streams[index].isElementwise {
      let symbols = stored.streams[index].symbols
      stored.streams[index].symbols = survivors.map { symbols[$0] }
    }
    stored.inner.insert(inner.kind, at: 0)
    let places = SurvivorPlaces(mask, shape: tensor.shape).streams(as: form)
    stored.streams.insert(contentsOf: places, at: 0)
    return stored
  }

  /// Restores mask and survivors; throws where a file contradicts itself.
  ///
  /// It refuses places beyond the shape, an inner encoding that is unknown or sparse, and survivors without a
  /// symbol.
  public static func restore(_ stored: StoredTensor, shape: Shape) throws(EncodingError) -> (Sparse, Tensor) {
    let (mask, placeStreams) = try SurvivorPlaces.mask(stored.streams, shape: shape)
    guard let name = stored.inner.first else { throw .missing(kind: kind, what: "the inner encoding") }
    guard name != kind, let type = EncodingCatalogue.standard.parameter(kind: name) else {
      let known = EncodingCatalogue.standard.parameters.map { $0.kind }.filter { $0 != kind }
      throw .invalid(
        kind: kind, what: "inner encoding", expected: known.joined(separator: " or "), found: "\"\(name)\"")
    }
    var whole = stored
    whole.inner.removeFirst()
    whole.streams = try stored.streams.dropFirst(placeStreams).map { stream throws(EncodingError) in
      stream.isElementwise ? try spread(stream, mask) : stream
    }
    var (inner, tensor) = try restore(type, whole, shape: shape)
    var values = tensor.values.mutableSpan
    mask.apply(to: &values)
    return (Sparse(mask: mask, inner: inner), tensor)
  }

  /// The stream with symbol 0 for every element outside the mask.
  private static func spread(_ stream: StoredTensor.Stream, _ mask: Mask) throws(EncodingError)
    -> StoredTensor.Stream
  {
    let survivors = mask.survivors
    guard stream.symbols.count == survivors.count else {
      throw .invalid(
        kind: kind, what: stream.name, expected: "\(survivors.count), one for each survivor",
        found: "\(stream.symbols.count)")
    }
    var whole = stream
    whole.symbols = Array(repeating: 0, count: mask.count)
    for (place, symbol) in zip(survivors, stream.symbols) { whole.symbols[place] = symbol }
    return whole
  }

  private static func restore<E: Encoding>(
    _ type: E.Type, _ stored: StoredTensor, shape: Shape
  ) throws(EncodingError) -> (any Encoding, Tensor) {
    try E.restore(stored, shape: shape)
  }
}
