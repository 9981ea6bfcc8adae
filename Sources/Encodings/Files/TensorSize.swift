public import Tensors

/// What a parameter takes in a student file.
public struct TensorSize: Sendable, Equatable {
  /// The parameter's name.
  public let name: String
  /// The kinds of its encodings, outermost first: `sparse codebook`.
  public let encoding: String
  /// Its extents.
  public let shape: Shape
  /// Elements that are not zero by construction.
  public let nonZeros: Int
  /// Bits in the file, the checksum and the header apart.
  public let bits: Int

  /// Bits as bytes, rounded up.
  public var bytes: Int { (bits + 7) / 8 }
}
