public import Tensors

/// The size of a parameter in a student file.
public struct TensorSize: Sendable, Equatable {
  /// The parameter's name.
  public let name: String
  /// The kinds of its encodings, outermost first, such as `sparse codebook`.
  public let encoding: String
  /// The form in which the file holds the places of a mask's survivors; `nil` without a mask.
  public let places: PlaceForm?
  /// The shape of the parameter.
  public let shape: Shape
  /// The number of elements that are not zero by construction.
  public let nonZeros: Int
  /// The bits of an element's symbol, before entropy codes.
  public let symbolBits: Int
  /// The bits in the file, without checksum and header.
  public let bits: Int
  /// The entropy of all its symbols, in bits: the least that a code of single symbols takes.
  public let entropyBits: Double

  /// The bytes in the file, rounded up.
  public var bytes: Int { (bits + 7) / 8 }

  /// The bits in the file for each element that is not zero by construction: symbols, places and tables.
  public var bitsPerWeight: Double { Double(bits) / Double(max(nonZeros, 1)) }
  /// The entropy of all its symbols for each element that is not zero by construction, in bits.
  public var entropyPerWeight: Double { entropyBits / Double(max(nonZeros, 1)) }

  /// The encodings with the form of places, such as `sparse gaps(5) codebook`.
  public var form: String {
    guard let places else { return encoding }
    var kinds = encoding.split(separator: " ").map(String.init)
    kinds.insert(places.description, at: min(1, kinds.count))
    return kinds.joined(separator: " ")
  }
}
