extension Sequence<UInt8> {
  /// The bytes as hexadecimal text, two lower-case digits for each.
  public var hexadecimal: String {
    map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
