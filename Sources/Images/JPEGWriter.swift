import CJPEG

/// Writes JPEG files with settings.
struct JPEGWriter {
  /// The quality, 1 to 100.
  var quality = 90
  /// True to write several scans of growing precision.
  var isProgressive = false
  /// The number of blocks between restart markers; 0 for none.
  var restartInterval = 0
  /// True to keep chroma at full resolution.
  var hasFullChroma = false
  /// True to store RGB and CMYK as they are, and not as YCbCr and YCCK.
  var keepsColor = false

  /// Encodes an image.
  func encode(_ image: Image) throws(ImageError) -> [UInt8] {
    try encode(image, samples: image.pixels, channels: image.channels)
  }

  /// Encodes samples of the size of `image`, with `channels` a pixel.
  ///
  /// 4 channels are CMYK, inverted as Adobe writes it.
  func encode(_ image: Image, samples: [UInt8], channels: Int) throws(ImageError) -> [UInt8] {
    precondition(samples.count == image.width * image.height * channels, "one sample each")
    let settings = condense_jpeg_settings(
      quality: Int32(min(max(quality, 1), 100)), progressive: isProgressive ? 1 : 0,
      restart_interval: Int32(restartInterval), full_chroma: hasFullChroma ? 1 : 0,
      keep_color: keepsColor ? 1 : 0)
    return try unsafe EncodedBytes.collected(image, .jpeg) { bytes, size, message in
      unsafe condense_jpeg_encode(
        samples, UInt32(image.width), UInt32(image.height), Int32(channels), settings, bytes, size, message)
    }
  }
}
