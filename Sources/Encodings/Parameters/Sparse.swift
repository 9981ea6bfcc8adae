public import Graphs
public import Tensors

/// A mask around another encoding: elements outside are zero, survivors are what the inner encoding makes of them.
///
/// **Formula**: `w = mask ⊙ inner(master)`.
///
/// **Gradient**: `mask ⊙ inner'(mask ⊙ gradient)`: what is zero neither moves nor moves those that share its value.
///
/// **Size**: the symbols of survivors, and where they are, in the form of `PlaceForm` that takes the fewest bits.
///
/// **Paper**: Han, Mao, Dally, "Deep Compression", ICLR 2016, arXiv:1510.00149, section 2.
public struct Sparse: Encoding {
  public static let kind = "sparse"

  /// Which elements survive.
  public let mask: Mask
  /// How survivors are encoded; never sparse itself.
  public let inner: any Encoding

  /// Makes an encoding; a mask around a mask keeps what survives both.
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

  public static func == (a: Sparse, b: Sparse) -> Bool { a.mask == b.mask && a.inner.isEqual(to: b.inner) }

  public func project(_ values: inout MutableSpan<Float>, shape: Shape) {
    inner.project(&values, shape: shape)
    mask.apply(to: &values)
  }

  public func backward(_ gradient: inout MutableSpan<Float>, masters: Span<Float>, shape: Shape) {
    mask.apply(to: &gradient)
    inner.backward(&gradient, masters: masters, shape: shape)
    mask.apply(to: &gradient)
  }

  public var keepsProjectedMasters: Bool { inner.keepsProjectedMasters }
  public func nonZeroCount(_ values: Span<Float>) -> Int { mask.survivorCount }
  public var bits: Int { inner.bits }

  public func sliced(_ kept: [Int: [Int]], shape: Shape) -> Sparse {
    Sparse(mask: mask.sliced(kept, shape: shape), inner: inner.sliced(kept, shape: shape))
  }

  public func masked(by mask: Mask) -> Sparse { Sparse(mask: mask, inner: self) }
  public func afterChannelScaling() -> any Encoding { Sparse(mask: mask, inner: inner.afterChannelScaling()) }
  public func scalingChannels(by factors: [Float], shape: Shape) -> Sparse? {
    inner.scalingChannels(by: factors, shape: shape).map { Sparse(mask: mask, inner: $0) }
  }

  public func store(_ tensor: Tensor) -> StoredTensor { store(tensor, as: .packed) }

  /// The streams of places, then the inner encoding's, of survivors alone where they are elementwise.
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

  /// Refuses places beyond the shape, an inner encoding that is unknown or sparse, and survivors without a symbol.
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

  /// The stream with symbol 0 for every element outside of the mask.
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
