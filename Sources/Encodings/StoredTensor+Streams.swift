import Graphs

extension StoredTensor {
  /// The symbols of a stream, which must exist with this width; symbols beyond the width are refused.
  func stream(_ name: String, bits: Int, of kind: String) throws(EncodingError) -> [UInt32] {
    guard let stream = streams.first(where: { $0.name == name }) else {
      throw .missing(kind: kind, what: "stream \"\(name)\"")
    }
    guard stream.bits == bits else {
      throw .invalid(
        kind: kind, what: name, expected: "symbols of \(bits) bits", found: "\(stream.bits) bits")
    }
    if bits < 32, let large = stream.symbols.first(where: { $0 >> UInt32(bits) != 0 }) {
      throw .invalid(kind: kind, what: name, expected: "symbols below \(1 << bits)", found: "\(large)")
    }
    return stream.symbols
  }
}
