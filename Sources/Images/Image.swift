/// A decoded picture: rows of interleaved 8-bit samples, grey or RGB.
///
/// ```swift
/// let image = try ImageDecoder().decode(bytes)
/// let small = image.converted(toChannels: 1).resized(width: 28, height: 28)
/// let file = try ImageEncoder.png(small)
/// ```
public struct Image: Sendable, Equatable {
  /// The number of pixels in a row.
  public let width: Int
  /// The number of rows.
  public let height: Int
  /// The number of channels: 1 (grey) or 3 (red, green, blue).
  public let channels: Int
  /// `height * width * channels` samples, row by row from the top left, with a pixel's channels together.
  public var pixels: [UInt8]

  /// Makes an image of samples; their count must be `height * width * channels`.
  public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
    precondition(channels == 1 || channels == 3, "an image has 1 or 3 channels")
    precondition(width >= 0 && height >= 0 && pixels.count == width * height * channels, "one sample each")
    self.width = width
    self.height = height
    self.channels = channels
    self.pixels = pixels
  }
}

/// A width and a height in pixels.
public struct ImageSize: Sendable, Equatable {
  /// The number of pixels in a row.
  public var width: Int
  /// The number of rows.
  public var height: Int

  /// Makes a size of `width` columns and `height` rows.
  public init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }
}
