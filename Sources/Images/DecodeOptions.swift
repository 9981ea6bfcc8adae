/// The limits and choices of a decoder.
public struct DecodeOptions: Sendable, Equatable {
  /// The most pixels that a file may declare, 2³² at most; larger files are refused before memory is
  /// allocated.
  public var maximumPixels: Int
  /// The grey level, 0 (black) to 255, behind transparent parts of a picture.
  public var alphaBackground: UInt8
  /// The size to which the caller will shrink the image, if any.
  ///
  /// A JPEG may then be decoded at 1/2, 1/4 or 1/8 of its size, as long as the result has at least this size
  /// in both directions, after orientation. Other files ignore it.
  public var minimumSize: ImageSize?

  /// Makes options; by default 64 megapixels, black behind transparency, and full size.
  public init(maximumPixels: Int = 64_000_000, alphaBackground: UInt8 = 0, minimumSize: ImageSize? = nil) {
    self.maximumPixels = maximumPixels
    self.alphaBackground = alphaBackground
    self.minimumSize = minimumSize
  }

  /// Checks that a file may be decoded.
  ///
  /// **Throws** `ImageError.tooLarge` if its header declares more than `maximumPixels`.
  public func admit(_ header: ImageHeader) throws(ImageError) {
    let (pixels, overflow) = header.width.multipliedReportingOverflow(by: header.height)
    let maximum = min(maximumPixels, 1 << 32)
    guard overflow || pixels > maximum else { return }
    throw .tooLarge(header.format, width: header.width, height: header.height, maximumPixels: maximum)
  }
}
