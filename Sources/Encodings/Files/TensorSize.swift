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

  /// Bits as bytes, rounded up.
  public var bytes: Int { (bits + 7) / 8 }

  /// The encodings with the form of places: `sparse gaps(5) codebook`.
  public var form: String {
    guard let places else { return encoding }
    var kinds = encoding.split(separator: " ").map(String.init)
    kinds.insert(places.description, at: min(1, kinds.count))
    return kinds.joined(separator: " ")
  }
}
