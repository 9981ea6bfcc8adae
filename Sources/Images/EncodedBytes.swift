import Glibc

/// Collects the bytes that a C encoder writes.
enum EncodedBytes {
  /// Runs `encode`, which sets an allocated buffer, its size and a message; it returns 0 for success.
  static func collected(
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
