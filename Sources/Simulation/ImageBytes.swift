import Export

/// Images as a program reads them: in its numbers, channels last, one image after another.
public struct ImageBytes: Sendable, Equatable {
  /// The bytes of all images.
  public let bytes: [UInt8]
  /// The number of images.
  public let count: Int

  /// Takes images of int8 numbers, each channels last.
  public init(_ images: [[Int8]]) {
    bytes = images.flatMap { image in image.map { UInt8(bitPattern: $0) } }
    count = images.count
  }

  /// Takes images of floats, each channels last; the bytes are little-endian.
  public init(_ images: [[Float]]) {
    bytes = images.flatMap(\.littleEndianBytes)
    count = images.count
  }
}
