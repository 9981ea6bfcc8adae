import Graphs
import Settings
import Tensors

/// The part that tensors of one encoding share: kinds, numbers, and the names and widths of streams.
struct TensorLayout: Hashable {
  /// A stream without its symbols.
  struct Stream: Hashable {
    let name: String
    let bits: Int
    let isElementwise: Bool
  }

  let kind: String
  let inner: [String]
  let numbers: [String: Int]
  let streams: [Stream]

  /// Makes the layout of a stored tensor.
  init(kind: String, of stored: StoredTensor) {
    self.kind = kind
    inner = stored.inner
    numbers = stored.numbers
    streams = stored.streams.map { Stream(name: $0.name, bits: $0.bits, isElementwise: $0.isElementwise) }
  }

  /// The tensor of this layout with these symbols, stream by stream.
  func tensor(_ symbols: [[UInt32]]) -> StoredTensor {
    StoredTensor(
      numbers: numbers, inner: inner,
      streams: zip(streams, symbols).map { stream, symbols in
        .init(
          name: stream.name, bits: stream.bits, symbols: symbols, isElementwise: stream.isElementwise)
      })
  }

  /// The layout as settings, `[kind, [inner, …], {number: …}, [[stream, bits, elementwise], …]]`.
  var node: SettingsNode {
    let mark = SettingsMark(source: "built-in")
    let entries = numbers.sorted { $0.key < $1.key }
      .map { SettingsNode.Entry(key: $0.key, mark: mark, value: $0.value.node) }
    let streams = streams.map {
      SettingsNode(.list([$0.name.node, $0.bits.node, ($0.isElementwise ? 1 : 0).node]))
    }
    return SettingsNode(
      .list([kind.node, inner.node, SettingsNode(.mapping(entries)), SettingsNode(.list(streams))]))
  }

  /// Reads a layout; widths are 1 to 32 bits.
  init(from node: SettingsNode) throws(SettingsError) {
    let items = try Self.items(node, count: 4, what: "[kind, inner, numbers, streams]")
    kind = try items[0].string("kind")
    inner = try [String](reading: items[1], key: "inner")
    var numbers: [String: Int] = [:]
    for entry in try items[2].mapping("numbers") { numbers[entry.key] = try entry.value.integer(entry.key) }
    self.numbers = numbers
    streams = try items[3].list("streams").map { node throws(SettingsError) in
      let items = try Self.items(node, count: 3, what: "[name, bits, elementwise]")
      let bits = try items[1].integer("bits")
      let flag = try items[2].integer("elementwise")
      guard (1...32).contains(bits), flag == 0 || flag == 1 else {
        throw .outOfRange(
          node.mark, key: "streams", expected: "1 to 32 bits, elementwise 0 or 1",
          found: "\(bits) bits, \(flag)")
      }
      return Stream(name: try items[0].string("stream"), bits: bits, isElementwise: flag == 1)
    }
  }

  private static func items(_ node: SettingsNode, count: Int, what: String) throws(SettingsError)
    -> [SettingsNode]
  {
    let items = try node.list("layouts")
    guard items.count == count else {
      throw .outOfRange(node.mark, key: "layouts", expected: what, found: "\(items.count) items")
    }
    return items
  }
}

/// Codes the number of a stream's symbols.
///
/// 0 stands for the tensor's elements, 10 for its extent on axis 0, 110 for the number of the stream before.
/// 111 is followed by the number + 1 in Elias' gamma code.
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
