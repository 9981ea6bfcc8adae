/// Zeroed memory on a cache-line boundary that lives as long as this object.
///
/// It holds arenas, activations and working memory. Kernels use raw addresses (`baseAddress`); all other code
/// uses the spans.
@safe public final class AlignedBuffer {
  /// The alignment in bytes: one cache line, one AVX-512 register.
  public static let alignment = 64

  /// The size in bytes.
  public let byteCount: Int
  /// The first byte, aligned to 64.
  public let baseAddress: UnsafeMutableRawPointer

  /// Allocates zeroed memory.
  public init(byteCount: Int) {
    self.byteCount = byteCount
    unsafe baseAddress = UnsafeMutableRawPointer.allocate(
      byteCount: max(byteCount, Self.alignment), alignment: Self.alignment)
    unsafe baseAddress.initializeMemory(as: UInt8.self, repeating: 0, count: max(byteCount, Self.alignment))
  }

  /// Allocates memory for `floats` floats, zeroed.
  public convenience init(floats: Int) { self.init(byteCount: floats * MemoryLayout<Float>.stride) }

  deinit { unsafe baseAddress.deallocate() }

  /// The whole buffer as floats.
  public var floats: Span<Float> {
    @_lifetime(borrow self)
    get {
      let pointer = unsafe UnsafePointer(
        baseAddress.assumingMemoryBound(to: Float.self))
      let span = unsafe Span(_unsafeStart: pointer, count: byteCount / MemoryLayout<Float>.stride)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// Lends the whole buffer as mutable floats; the caller must be its only user during the call.
  public func withMutableFloats<R>(_ body: (inout MutableSpan<Float>) throws -> R) rethrows -> R {
    let pointer = unsafe baseAddress.assumingMemoryBound(to: Float.self)
    var span = unsafe MutableSpan(_unsafeStart: pointer, count: byteCount / MemoryLayout<Float>.stride)
    return try body(&span)
  }
}
