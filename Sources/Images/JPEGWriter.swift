import CJPEG

/// How a JPEG file is written.
struct JPEGWriter {
  /// 1 to 100.
  var quality = 90
  /// Several scans of growing precision.
  var isProgressive = false
  /// Blocks between restart marks; 0 is none.
  var restartInterval = 0
  /// Chroma at full resolution.
  var hasFullChroma = false
  /// RGB and CMYK stored as they are, instead of as YCbCr and YCCK.
  var keepsColor = false

  /// The image as a file.
  func encode(_ image: Image) throws(ImageError) -> [UInt8] {
    try encode(image, samples: image.pixels, channels: image.channels)
  }

  /// Rows of `channels` samples a pixel, of the size of `image`; 4 channels are CMYK, inverted as Adobe has it.
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
