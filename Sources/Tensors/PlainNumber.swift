/// A number without padding, of which every pattern of bits is a value, so that its bytes can be sent and received.
public protocol PlainNumber: BitwiseCopyable {}

extension Float: PlainNumber {}
extension Double: PlainNumber {}
extension UInt8: PlainNumber {}
extension Int64: PlainNumber {}

extension Span where Element: PlainNumber {
  /// Lends the bytes of all elements, in the machine's order.
  public func withPlainBytes<R>(_ body: (RawSpan) throws -> R) rethrows -> R {
    try body(unsafe bytes)
  }
}

extension Array where Element: PlainNumber {
  /// Lends the bytes of all elements to be written, in the machine's order.
  public mutating func withMutablePlainBytes<R>(
    _ body: (inout MutableRawSpan) throws -> R
  ) rethrows -> R {
    var span = mutableSpan
    var bytes = unsafe span.mutableBytes
    return try body(&bytes)
  }
}
