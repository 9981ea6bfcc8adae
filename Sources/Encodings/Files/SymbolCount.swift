import Tensors

/// The number of a stream's symbols as bits: 0 = the tensor's elements, 10 = its extent on axis 0, 110 = as many as in the
/// stream before, 111 = the number + 1 in Elias' gamma code.
enum SymbolCount {
  private static func known(_ shape: Shape, previous: Int?) -> [Int?] {
    [shape.count, shape.dimensions.first, previous]
  }

  /// Appends a number.
  static func write(_ count: Int, shape: Shape, previous: Int?, to writer: inout BitWriter) {
    for candidate in known(shape, previous: previous) {
      writer.write(candidate == count ? 0 : 1, bits: 1)
      if candidate == count { return }
    }
    writer.writeGamma(count + 1)
  }

  /// Takes a number.
  static func read(shape: Shape, previous: Int?, from reader: inout BitReader) throws(CodingError) -> Int {
    for candidate in known(shape, previous: previous) {
      guard try reader.read(1) == 0 else { continue }
      guard let candidate else {
        throw .invalid(
          what: "a number of symbols", expected: "one of its own", found: "that of a stream before the first")
      }
      return candidate
    }
    return try reader.readGamma() - 1
  }
}
