public import Tensors

/// The representation of a parameter: the values it can take, its training and its form in files.
///
/// Training keeps 32-bit masters. Kernels compute with the *projected* master, and `backward` turns a
/// gradient with respect to the projection into one with respect to the master. `store` and `restore` are
/// exact on projected values. Encodings are values: a mask or a codebook is part of the encoding, not of the
/// tensor.
public protocol Encoding: Sendable, Equatable {
  /// The name in files: `dense`, `sparse`, `integer`, `codebook`; never renamed.
  static var kind: String { get }

  /// Replaces values by the nearest that can be represented.
  ///
  /// Idempotent where masters are weights. `values` are row-major in `shape`.
  func project(_ values: inout MutableSpan<Float>, shape: Shape)
  /// Turns the loss's gradient by the projected values into one by the masters, in place.
  ///
  /// The gradient is masked, tied or left as it is.
  func backward(_ gradient: inout MutableSpan<Float>, masters: Span<Float>, shape: Shape)
  /// True if replacing masters by their projections does not change training.
  ///
  /// True for masks and codebooks; false where small updates must add up below a rounding step.
  var keepsProjectedMasters: Bool { get }
  /// True if masters are weights of the network; false if they are logarithms.
  ///
  /// Weight decay and penalties leave masters alone that are no weights.
  var mastersAreWeights: Bool { get }
  /// The number of elements that are not zero by construction, which count as weights; O(elements).
  func nonZeroCount(_ values: Span<Float>) -> Int
  /// The bits of an element's symbol, without side information: 32 for floats, 8 for bytes.
  var bits: Int { get }

  /// The encoding of a slice: `kept` holds an axis's ascending indices; axes that it lacks are whole.
  func sliced(_ kept: [Int: [Int]], shape: Shape) -> Self
  /// The encoding of a tensor whose elements outside a mask are zero.
  ///
  /// Those elements must not influence the others, so a codebook counts them in the cluster of zero alone.
  /// If elements are independent, it is the encoding itself.
  func masked(by mask: Mask) -> Self
  /// The encoding that is left when each output channel is multiplied by its own factor.
  ///
  /// Folding a batch norm does that. A mask stays; a codebook does not.
  func afterChannelScaling() -> any Encoding
  /// The encoding of the tensor whose output channels are multiplied by finite factors.
  ///
  /// The factors are those of axis 0 of `shape`, and multiply the masters too. The result represents the
  /// scaled tensor as this encoding represents the tensor. `nil` if no encoding of the kind does that.
  func scalingChannels(by factors: [Float], shape: Shape) -> Self?

  /// Stores a tensor of projected values in the form of the fewest bits, entropy codes not counted.
  func store(_ tensor: Tensor) -> StoredTensor
  /// Stores a tensor of projected values in a chosen form, where an encoding has several.
  func store(_ tensor: Tensor, as form: StoredForm) -> StoredTensor
  /// Restores the encoding and the values of a stored tensor, which is untrusted.
  static func restore(_ stored: StoredTensor, shape: Shape) throws(EncodingError) -> (Self, Tensor)
}

extension Encoding {
  /// The encoding itself: elements are independent of one another.
  public func masked(by mask: Mask) -> Self { self }
  /// `nil`: the kind scales no channels.
  public func scalingChannels(by factors: [Float], shape: Shape) -> Self? { nil }
  /// True, as for all encodings but logarithms.
  public var mastersAreWeights: Bool { true }
  /// The only form that the encoding has.
  public func store(_ tensor: Tensor, as form: StoredForm) -> StoredTensor { store(tensor) }

  /// The kind, reachable from an existential.
  public var kind: String { Self.kind }
  /// True if both encodings are of one kind and equal.
  public func isEqual(to other: any Encoding) -> Bool { (other as? Self) == self }
}

/// A tensor as a file holds it: named streams of symbols, each of one width.
public struct StoredTensor: Sendable, Equatable {
  /// A sequence of symbols of equal width; floats are 32-bit patterns.
  public struct Stream: Sendable, Equatable {
    /// The name of the contents: `values`, `deltas`, `scales`, `codebook`.
    public var name: String
    /// The bits of a symbol, 1…32.
    public var bits: Int
    /// The symbols, each below 2^bits.
    public var symbols: [UInt32]
    /// True if there is one symbol for each element of the tensor, row-major, with symbol 0 for zero.
    ///
    /// A mask leaves out the symbols of elements that it makes zero. Scales and codebooks are not
    /// element-wise.
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

/// A choice among the forms in which an encoding can store the same tensor.
public enum StoredForm: Sendable {
  /// The form of the fewest bits, each symbol packed to its width.
  case packed
  /// The form of the fewest bits, entropy codes being used where they are smaller.
  case coded
  /// The form of a tensor that was read.
  case like(StoredTensor)
}

/// The reason for which a stored tensor is refused; the reader adds file and tensor.
public enum EncodingError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A number, stream or inner encoding is missing.
  case missing(kind: String, what: String)
  /// A part has another value, size or width than expected.
  case invalid(kind: String, what: String, expected: String, found: String)

  /// The message: the problem, what was expected and what was found.
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
  /// The name in files: `dense`.
  public static let kind = "dense"

  /// Makes the encoding.
  public init() {}

  /// Leaves the values as they are: every float can be represented.
  public func project(_ values: inout MutableSpan<Float>, shape: Shape) {}
  /// Leaves the gradient as it is.
  public func backward(_ gradient: inout MutableSpan<Float>, masters: Span<Float>, shape: Shape) {}
  /// True: masters are their own projections.
  public var keepsProjectedMasters: Bool { true }
  /// All elements.
  public func nonZeroCount(_ values: Span<Float>) -> Int { values.count }
  /// The bits of a float: 32.
  public var bits: Int { 32 }
  /// The same encoding.
  public func sliced(_ kept: [Int: [Int]], shape: Shape) -> Dense { self }
  /// The same encoding.
  public func afterChannelScaling() -> any Encoding { self }
  /// The same encoding: scaled floats are floats.
  public func scalingChannels(by factors: [Float], shape: Shape) -> Dense? { self }

  /// Stores one stream, `values`, of 32-bit patterns.
  public func store(_ tensor: Tensor) -> StoredTensor {
    StoredTensor(streams: [
      .init(name: "values", bits: 32, symbols: tensor.values.map(\.bitPattern), isElementwise: true)
    ])
  }

  /// Restores floats from `values`; throws if the stream is missing or has another size.
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
