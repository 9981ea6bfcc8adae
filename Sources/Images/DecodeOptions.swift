/// What a decoder may do with a file.
public struct DecodeOptions: Sendable, Equatable {
  /// The most pixels a file may declare, 2^32 at most; beyond it the file is refused before memory is taken.
  public var maximumPixels: Int
  /// The grey level, 0 (black) to 255, that shows through where a picture is transparent.
  public var alphaBackground: UInt8
  /// The size that the caller will shrink to, if any.
  ///
  /// Where set, a JPEG may be decoded at 1/2, 1/4 or 1/8 as long as the result has at least this size both ways,
  /// after orientation. Other files ignore it.
  public var minimumSize: ImageSize?

  /// Options; by default 64 megapixels, black behind transparency, full size.
  public init(maximumPixels: Int = 64_000_000, alphaBackground: UInt8 = 0, minimumSize: ImageSize? = nil) {
    self.maximumPixels = maximumPixels
    self.alphaBackground = alphaBackground
    self.minimumSize = minimumSize
  }
}
