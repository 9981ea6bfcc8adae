import CJPEG
import CPNG
import Glibc

/// Writes images as PNG and JPEG files, in memory.
public enum ImageEncoder {
  /// A PNG file of the image: 8 bits a sample, grey or RGB, zlib level 0 (fast) to 9 (small).
  public static func png(_ image: Image, level: Int = 6) throws(ImageError) -> [UInt8] {
    try refuseEmpty(image, .png)
    return try unsafe collected(image, .png) { bytes, size, message in
      unsafe condense_png_encode(
        image.pixels, UInt32(image.width), UInt32(image.height), Int32(image.channels),
        Int32(min(max(level, 0), 9)), bytes, size, message)
    }
  }

  /// A baseline JPEG file of the image: `quality` 1 to 100, chroma at half resolution.
  public static func jpeg(_ image: Image, quality: Int = 90) throws(ImageError) -> [UInt8] {
    try refuseEmpty(image, .jpeg)
    let settings = condense_jpeg_settings(
      quality: Int32(min(max(quality, 1), 100)), progressive: 0, restart_interval: 0, full_chroma: 0,
      keep_color: 0)
    return try unsafe collected(image, .jpeg) { bytes, size, message in
      unsafe condense_jpeg_encode(
        image.pixels, UInt32(image.width), UInt32(image.height), Int32(image.channels), settings, bytes, size,
        message)
    }
  }

  private static func refuseEmpty(_ image: Image, _ format: ImageFormat) throws(ImageError) {
    let longest = max(image.width, image.height)
    guard image.width == 0 || image.height == 0 || longest > Int(Int32.max) else { return }
    throw .notEncodable(
      format, width: image.width, height: image.height, reason: "no file can have that size")
  }

  private static func collected(
    _ image: Image, _ format: ImageFormat,
    _ encode: (
      UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>, UnsafeMutablePointer<Int>,
      UnsafeMutablePointer<CChar>
    ) -> Int32
  ) throws(ImageError) -> [UInt8] {
    var bytes: UnsafeMutablePointer<UInt8>?
    var size = 0
    var message = [CChar](repeating: 0, count: 256)
    let status = unsafe message.withUnsafeMutableBufferPointer { text in
      guard let start = text.baseAddress else { return Int32(1) }
      return unsafe encode(&bytes, &size, start)
    }
    defer { unsafe free(bytes) }
    guard status == 0 else {
      let text = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      throw .notEncodable(
        format, width: image.width, height: image.height, reason: String(decoding: text, as: UTF8.self))
    }
    return unsafe [UInt8](UnsafeBufferPointer(start: bytes, count: size))
  }
}
