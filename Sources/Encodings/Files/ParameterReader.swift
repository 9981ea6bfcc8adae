import Graphs
import Settings
import Tensors

/// Reads parameters one after another; all but the shapes, which the graph asks for, is untrusted.
struct ParameterReader {
  private var reader: BitReader
  private let layouts: [TensorLayout]

  init(_ reader: BitReader, layouts: [TensorLayout]) {
    self.reader = reader
    self.layouts = layouts
  }

  /// The parameters of all slots by name; `places` holds the position of each one's layout.
  mutating func parameters(
    _ slots: [(name: String, slot: ParameterSlot)], layouts places: [Int]
  ) throws(StudentFileProblem) -> [String: Parameter] {
    guard places.count == slots.count else {
      throw .damaged(
        section: "the header", what: "tensors", expected: "\(slots.count)", found: "\(places.count)")
    }
    var parameters: [String: Parameter] = [:]
    for ((name, slot), place) in zip(slots, places) {
      let layout = layouts[place]
      let stored: StoredTensor
      do throws(CodingError) {
        stored = try tensor(layout, shape: slot.shape)
      } catch {
        throw error.problem(in: "tensor \"\(name)\"")
      }
      parameters[name] = try Self.parameter(stored, layout, name: name, shape: slot.shape)
    }
    do throws(CodingError) { try reader.requireEnd() } catch { throw error.problem(in: "the parameters") }
    return parameters
  }

  private mutating func tensor(_ layout: TensorLayout, shape: Shape) throws(CodingError) -> StoredTensor {
    var symbols: [[UInt32]] = []
    for stream in layout.streams {
      let count = try SymbolCount.read(shape: shape, previous: symbols.last?.count, from: &reader)
      symbols.append(try SymbolCoding.read(count: count, bits: stream.bits, from: &reader))
    }
    return layout.tensor(symbols)
  }

  private static func parameter(
    _ stored: StoredTensor, _ layout: TensorLayout, name: String, shape: Shape
  ) throws(StudentFileProblem) -> Parameter {
    guard let type = EncodingCatalogue.standard.parameter(kind: layout.kind) else {
      let known = EncodingCatalogue.standard.parameters.map { $0.kind }
      throw .unknownEncoding(
        kind: layout.kind, suggestion: Spelling.nearest(to: layout.kind, among: known))
    }
    do throws(EncodingError) {
      return try parameter(type, stored, shape: shape)
    } catch {
      throw .tensor(name, error)
    }
  }

  /// Restores a parameter, and refuses a form that the encoding would not write.
  ///
  /// Streams and numbers that mean nothing to the encoding are thereby refused.
  private static func parameter<E: Encoding>(
    _ type: E.Type, _ stored: StoredTensor, shape: Shape
  ) throws(EncodingError) -> Parameter {
    let (encoding, value) = try E.restore(stored, shape: shape)
    guard encoding.store(value, as: .like(stored)) == stored else {
      throw .invalid(
        kind: E.kind, what: "the stored form", expected: "the one that the encoding writes", found: "another")
    }
    return Parameter(value, encoding: encoding)
  }
}
