import Graphs
import Tensors

/// Writes parameters one after another, and records their layouts and sizes.
struct ParameterWriter {
  private let coded: Bool
  private var writer = BitWriter()
  private var places: [TensorLayout: Int] = [:]
  /// The layouts that occurred, each once.
  private(set) var layouts: [TensorLayout] = []
  /// The position of each parameter's layout.
  private(set) var tensors: [Int] = []
  /// The size of each parameter.
  private(set) var sizes: [TensorSize] = []

  /// Writes with Huffman codes where they are smaller, if `coded`.
  init(coded: Bool) { self.coded = coded }

  /// Appends a parameter whose value is projected.
  mutating func write(_ parameter: Parameter, name: String, shape: Shape) {
    let stored = parameter.encoding.store(parameter.value, as: coded ? .coded : .packed)
    let layout = TensorLayout(kind: parameter.encoding.kind, of: stored)
    tensors.append(place(of: layout))
    let start = writer.bitCount
    var previous: Int?
    var entropyBits = 0.0
    for stream in stored.streams {
      SymbolCount.write(stream.symbols.count, shape: shape, previous: previous, to: &writer)
      SymbolCoding.write(stream.symbols, bits: stream.bits, coded: coded, to: &writer)
      previous = stream.symbols.count
      entropyBits += SymbolCoding.entropyBits(stream.symbols, bits: stream.bits)
    }
    sizes.append(
      TensorSize(
        name: name, encoding: ([layout.kind] + layout.inner).joined(separator: " "),
        places: layout.kind == Sparse.kind ? PlaceForm(of: stored.streams) : nil, shape: shape,
        nonZeros: parameter.encoding.nonZeroCount(parameter.value.values.span),
        symbolBits: parameter.encoding.bits, bits: writer.bitCount - start,
        entropyBits: entropyBits))
  }

  private mutating func place(of layout: TensorLayout) -> Int {
    if let place = places[layout] { return place }
    places[layout] = layouts.count
    layouts.append(layout)
    return layouts.count - 1
  }

  /// The bytes of all parameters.
  mutating func finish() -> [UInt8] { writer.finish() }
}
