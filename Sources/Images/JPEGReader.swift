import CJPEG

/// Owns libjpeg's reusable state.
///
/// Invariant: `state` is live from init to deinit, and bytes handed to `begin` outlive the matching `read`.
@safe final class JPEGReader {
  private let state: OpaquePointer

  /// Fails only if memory cannot be allocated.
  init?() {
    guard let state = unsafe condense_jpeg_new() else { return nil }
    unsafe self.state = state
  }

  deinit { unsafe condense_jpeg_free(state) }

  /// Reads the header, before orientation; `read` may follow while `bytes` live.
  func begin(_ bytes: UnsafeRawBufferPointer) throws(ImageError) -> ImageHeader {
    var width: UInt32 = 0
    var height: UInt32 = 0
    var components: Int32 = 0
    let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    guard unsafe condense_jpeg_begin(state, start, bytes.count, &width, &height, &components) == 0 else {
      throw failure
    }
    return ImageHeader(
      format: .jpeg, width: Int(width), height: Int(height), channels: components == 1 ? 1 : 3)
  }

  /// The size of the present file at 1/denominator.
  func size(at denominator: Int) -> ImageSize {
    var width: UInt32 = 0
    var height: UInt32 = 0
    unsafe condense_jpeg_scaled(state, Int32(denominator), &width, &height)
    return ImageSize(width: Int(width), height: Int(height))
  }

  /// The largest of 8, 4, 2 and 1 at which the present file has at least the size `minimum`.
  func denominator(keeping minimum: ImageSize?) -> Int {
    guard let minimum else { return 1 }
    for denominator in [8, 4, 2] {
      let size = size(at: denominator)
      if size.width >= minimum.width && size.height >= minimum.height { return denominator }
    }
    return 1
  }

  /// Fills `pixels`, which must hold `size(at: denominator)` times the header's channels.
  func read(denominator: Int, into pixels: UnsafeMutablePointer<UInt8>) throws(ImageError) {
    guard unsafe condense_jpeg_read(state, Int32(denominator), pixels) == 0 else { throw failure }
  }

  /// Drops the present file.
  func cancel() { unsafe condense_jpeg_cancel(state) }

  private var failure: ImageError {
    unsafe .damaged(.jpeg, reason: String(cString: condense_jpeg_message(state)))
  }
}
