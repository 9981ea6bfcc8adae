import Export

/// Images as a program reads them: its numbers, channels last, one image after another.
public struct ImageBytes: Sendable, Equatable {
  /// All bytes.
  public let bytes: [UInt8]
  /// How many images there are.
  public let count: Int

  /// Images of int8 numbers, each channels last.
  public init(_ images: [[Int8]]) {
    bytes = images.flatMap { image in image.map { UInt8(bitPattern: $0) } }
    count = images.count
  }

  /// Images of float numbers, each channels last, little-endian.
  public init(_ images: [[Float]]) {
    bytes = images.flatMap(\.littleEndianBytes)
    count = images.count
  }
}
