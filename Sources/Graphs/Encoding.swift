public import Tensors

/// How a parameter is stored: what of the reals it can represent, and how it is trained and written.
///
/// Training keeps 32-bit masters. Kernels compute with the *projected* master; a gradient by the projection becomes a
/// gradient by the master through `backward`. `store` and `restore` are exact on projected values. Encodings are
/// values: a mask or a codebook is part of the encoding, not of the tensor.
public protocol Encoding: Sendable, Equatable {
  /// The name in files: `dense`, `sparse`, `integer`, `codebook`; never renamed.
  static var kind: String { get }

  /// Replaces values by the nearest that can be represented; idempotent where masters are weights. `values` are row-major in
  /// `shape`.
  func project(_ values: inout MutableSpan<Float>, shape: Shape)
  /// Turns the loss's gradient by the projected values into one by the masters, in place: masked, tied, or as it is.
  func backward(_ gradient: inout MutableSpan<Float>, masters: Span<Float>, shape: Shape)
  /// Whether masters may be replaced by their projections without changing what training does.
  ///
  /// True for masks and codebooks; false where small updates must add up below a rounding step.
  var keepsProjectedMasters: Bool { get }
  /// Whether masters are numbers of the kind that kernels compute with; false where they are logarithms, which no weight decay and
  /// no penalty may draw to zero, and which are no weights of the network.
  var mastersAreWeights: Bool { get }
  /// Elements that are not zero by construction: what is counted as a weight. O(elements).
  func nonZeroCount(_ values: Span<Float>) -> Int
  /// Bits of an element's symbol, side information apart: 32 for floats, 8 for bytes.
  var bits: Int { get }

  /// The encoding of a slice: by axis, the indices that are kept, ascending; other axes are whole.
  func sliced(_ kept: [Int: [Int]], shape: Shape) -> Self
  /// The encoding of a tensor whose elements outside of a mask are zero: they must not influence the others, so a
  /// codebook counts them in no cluster but zero's. The encoding itself where elements are independent.
  func masked(by mask: Mask) -> Self
  /// What is left of the encoding when each output channel is multiplied by a number of its own, as folding a batch
  /// norm does: a mask stays, a codebook does not.
  func afterChannelScaling() -> any Encoding
  /// The encoding in which a tensor is represented as it is in this one when it and its masters are multiplied by a finite number
  /// for each output channel (axis 0 of `shape`); `nil` where no encoding of the kind does that.
  func scalingChannels(by factors: [Float], shape: Shape) -> Self?

  /// What a file holds of a tensor of projected values: of several forms that of the fewest bits without entropy codes.
  func store(_ tensor: Tensor) -> StoredTensor
  /// The same in a form of choice, where an encoding has several.
  func store(_ tensor: Tensor, as form: StoredForm) -> StoredTensor
  /// The encoding and the values of a stored tensor, which is untrusted.
  static func restore(_ stored: StoredTensor, shape: Shape) throws(EncodingError) -> (Self, Tensor)
}

extension Encoding {
  public func masked(by mask: Mask) -> Self { self }
  public func scalingChannels(by factors: [Float], shape: Shape) -> Self? { nil }
  public var mastersAreWeights: Bool { true }
  public func store(_ tensor: Tensor, as form: StoredForm) -> StoredTensor { store(tensor) }

  /// The kind, reachable from an existential.
  public var kind: String { Self.kind }
  /// Whether two encodings of any kinds are the same.
  public func isEqual(to other: any Encoding) -> Bool { (other as? Self) == self }
}

/// A tensor as a file holds it: named streams of symbols, each of one width.
public struct StoredTensor: Sendable, Equatable {
  /// A sequence of symbols of equal width; floats are 32-bit patterns.
  public struct Stream: Sendable, Equatable {
    /// What it is: `values`, `deltas`, `scales`, `codebook`.
    public var name: String
    /// Bits of a symbol, 1…32.
    public var bits: Int
    /// The symbols, each below 2^bits.
    public var symbols: [UInt32]
    /// Whether there is one symbol for each element of the tensor, row-major, symbol 0 standing for zero: of these a
    /// mask leaves out those of elements that it makes zero. Scales and codebooks are not.
    public var isElementwise: Bool

    /// Makes a stream.
    public init(name: String, bits: Int, symbols: [UInt32], isElementwise: Bool = false) {
      self.name = name
      self.bits = bits
      self.symbols = symbols
      self.isElementwise = isElementwise
    }
  }

  /// The encoding's own numbers, such as widths and axes, as small non-negative integers by name.
  public var numbers: [String: Int]
  /// The kinds of inner encodings, outermost first, where encodings are nested.
  public var inner: [String]
  /// The streams in the order of writing.
  public var streams: [Stream]

  /// Makes a stored tensor.
  public init(numbers: [String: Int] = [:], inner: [String] = [], streams: [Stream]) {
    self.numbers = numbers
    self.inner = inner
    self.streams = streams
  }
}

/// Which of the forms that stand for the same tensor is taken, where an encoding has several.
public enum StoredForm: Sendable {
  /// That of the fewest bits, each symbol packed to its width.
  case packed
  /// That of the fewest bits with entropy codes where they are smaller.
  case coded
  /// That of a tensor that was read.
  case like(StoredTensor)
}

/// Why a stored tensor is refused; the reader adds file and tensor.
public enum EncodingError: Error, Sendable, Equatable, CustomStringConvertible {
  case missing(kind: String, what: String)
  case invalid(kind: String, what: String, expected: String, found: String)

  /// What, expected, found.
  public var description: String {
    switch self {
    case .missing(let kind, let what): "\(kind): \(what) is missing"
    case .invalid(let kind, let what, let expected, let found):
      "\(kind): \(what): expected \(expected), found \(found)"
    }
  }
}

/// Plain 32-bit floats.
public struct Dense: Encoding {
  public static let kind = "dense"

  /// Makes the encoding.
  public init() {}

  public func project(_ values: inout MutableSpan<Float>, shape: Shape) {}
  public func backward(_ gradient: inout MutableSpan<Float>, masters: Span<Float>, shape: Shape) {}
  public var keepsProjectedMasters: Bool { true }
  public func nonZeroCount(_ values: Span<Float>) -> Int { values.count }
  public var bits: Int { 32 }
  public func sliced(_ kept: [Int: [Int]], shape: Shape) -> Dense { self }
  public func afterChannelScaling() -> any Encoding { self }
  public func scalingChannels(by factors: [Float], shape: Shape) -> Dense? { self }

  public func store(_ tensor: Tensor) -> StoredTensor {
    StoredTensor(streams: [
      .init(name: "values", bits: 32, symbols: tensor.values.map(\.bitPattern), isElementwise: true)
    ])
  }

  public static func restore(_ stored: StoredTensor, shape: Shape) throws(EncodingError) -> (Dense, Tensor) {
    guard let stream = stored.streams.first(where: { $0.name == "values" }) else {
      throw .missing(kind: kind, what: "stream \"values\"")
    }
    guard stream.bits == 32, stream.symbols.count == shape.count else {
      throw .invalid(
        kind: kind, what: "values", expected: "\(shape.count) symbols of 32 bits",
        found: "\(stream.symbols.count) of \(stream.bits)")
    }
    return (Dense(), Tensor(stream.symbols.map(Float.init(bitPattern:)), shape: shape))
  }
}
