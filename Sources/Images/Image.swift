/// A decoded picture: rows of interleaved 8-bit samples, grey or RGB.
///
/// ```swift
/// let image = try ImageDecoder().decode(bytes)
/// let small = image.converted(toChannels: 1).resized(width: 28, height: 28)
/// let file = try ImageEncoder.png(small)
/// ```
public struct Image: Sendable, Equatable {
  /// Pixels a row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// 1 (grey) or 3 (red, green, blue).
  public let channels: Int
  /// `height * width * channels` samples, row by row from the top left, a pixel's channels side by side.
  public var pixels: [UInt8]

  /// An image of the given samples; their count must be `height * width * channels`.
  public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
    precondition(channels == 1 || channels == 3, "an image has 1 or 3 channels")
    precondition(width >= 0 && height >= 0 && pixels.count == width * height * channels, "one sample each")
    self.width = width
    self.height = height
    self.channels = channels
    self.pixels = pixels
  }
}

/// Width and height in pixels.
public struct ImageSize: Sendable, Equatable {
  /// Pixels a row.
  public var width: Int
  /// Rows.
  public var height: Int

  /// A size of `width` columns and `height` rows.
  public init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }
}
