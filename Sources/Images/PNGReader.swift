import CPNG

/// Owns libpng's reusable state.
///
/// Invariant: `state` is live from init to deinit, and bytes handed to `begin` outlive the matching `read`.
@safe final class PNGReader {
  private let state: OpaquePointer

  /// Fails only if memory cannot be allocated.
  init?() {
    guard let state = unsafe condense_png_new() else { return nil }
    unsafe self.state = state
  }

  deinit { unsafe condense_png_free(state) }

  /// Reads the header; `read` may follow while `bytes` live.
  func begin(_ bytes: UnsafeRawBufferPointer) throws(ImageError) -> ImageHeader {
    var width: UInt32 = 0
    var height: UInt32 = 0
    var channels: Int32 = 0
    var alpha: Int32 = 0
    let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    guard unsafe condense_png_begin(state, start, bytes.count, &width, &height, &channels, &alpha) == 0 else {
      throw failure
    }
    return ImageHeader(format: .png, width: Int(width), height: Int(height), channels: Int(channels))
  }

  /// Fills `pixels`, which must have room for the header's height * width * channels bytes.
  func read(background: UInt8, into pixels: UnsafeMutablePointer<UInt8>) throws(ImageError) {
    guard unsafe condense_png_read(state, background, pixels) == 0 else { throw failure }
  }

  /// Drops the present file.
  func cancel() { unsafe condense_png_cancel(state) }

  private var failure: ImageError {
    unsafe .damaged(.png, reason: String(cString: condense_png_message(state)))
  }
}
