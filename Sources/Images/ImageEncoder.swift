import CPNG

/// Encodes images as PNG and JPEG files in memory.
public enum ImageEncoder {
  /// Encodes an image as PNG: 8 bits a sample, grey or RGB, with zlib level 0 (fast) to 9 (small).
  public static func png(_ image: Image, level: Int = 6) throws(ImageError) -> [UInt8] {
    try refuseUnusual(image, .png, longest: Int(Int32.max))
    return try unsafe EncodedBytes.collected(image, .png) { bytes, size, message in
      unsafe condense_png_encode(
        image.pixels, UInt32(image.width), UInt32(image.height), Int32(image.channels),
        Int32(min(max(level, 0), 9)), bytes, size, message)
    }
  }

  /// Encodes an image as baseline JPEG of quality 1 to 100, with chroma at half resolution.
  public static func jpeg(_ image: Image, quality: Int = 90) throws(ImageError) -> [UInt8] {
    try refuseUnusual(image, .jpeg, longest: 65_500)
    return try JPEGWriter(quality: quality).encode(image)
  }

  private static func refuseUnusual(
    _ image: Image, _ format: ImageFormat, longest: Int
  ) throws(ImageError) {
    guard min(image.width, image.height) < 1 || max(image.width, image.height) > longest else { return }
    throw .notEncodable(
      format, width: image.width, height: image.height, reason: "both sides must be 1 to \(longest) pixels")
  }
}
