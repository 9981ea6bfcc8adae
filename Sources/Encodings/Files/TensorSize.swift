public import Tensors

/// What a parameter takes in a student file.
public struct TensorSize: Sendable, Equatable {
  /// The parameter's name.
  public let name: String
  /// The kinds of its encodings, outermost first: `sparse codebook`.
  public let encoding: String
  /// How the file says where the survivors of a mask are; `nil` without a mask.
  public let places: PlaceForm?
  /// Its extents.
  public let shape: Shape
  /// Elements that are not zero by construction.
  public let nonZeros: Int
  /// Bits of an element's symbol, before entropy codes.
  public let symbolBits: Int
  /// Bits in the file, the checksum and the header apart.
  public let bits: Int
  /// The entropy of all its symbols, in bits: what a code of single symbols can come down to.
  public let entropyBits: Double

  /// Bits as bytes, rounded up.
  public var bytes: Int { (bits + 7) / 8 }

  /// Bits in the file for each element that is not zero by construction, whatever they stand for: symbols, places, tables.
  public var bitsPerWeight: Double { Double(bits) / Double(max(nonZeros, 1)) }
  /// The entropy of all its symbols for each element that is not zero by construction.
  public var entropyPerWeight: Double { entropyBits / Double(max(nonZeros, 1)) }

  /// The encodings with the form of places: `sparse gaps(5) codebook`.
  public var form: String {
    guard let places else { return encoding }
    var kinds = encoding.split(separator: " ").map(String.init)
    kinds.insert(places.description, at: min(1, kinds.count))
    return kinds.joined(separator: " ")
  }
}
