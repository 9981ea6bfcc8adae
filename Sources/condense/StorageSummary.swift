import Encodings
import Graphs
import Reports
import Settings
import Tensors

/// The encodings of a model's parameters and values, and the size of a student file: packed and
/// Huffman-coded.
struct StorageSummary {
  private let packed: [TensorSize]
  private let coded: [TensorSize]
  private let file: (fileBytes: Int, codedBytes: Int)
  private let graph: Graph

  /// Creates the summary of a model; `nil` if all its parameters and values are plain floats.
  init?(of model: Model) throws(ModelFileError) {
    graph = model.graph
    guard graph.parameters.values.contains(where: { $0.encoding.kind != Dense.kind }) || !graph.values.isEmpty
    else { return nil }
    packed = try StudentFile.tensorSizes(of: model, coded: false)
    coded = try StudentFile.tensorSizes(of: model, coded: true)
    file = try StudentFile.sizes(of: model)
  }

  /// A table of parameters, with the file's bytes in the last row, and a table of values.
  ///
  /// The columns after the coded bytes are the coded bits for each non-zero weight, and their lower bound,
  /// the entropy of the symbols.
  func lines(width: Int) -> [String] {
    var table = TextTable(columns: [
      TextTable.Column("parameter", shrinksTo: 12), TextTable.Column("encoding", shrinksTo: 10),
      TextTable.Column("shape"), TextTable.Column("non-zeros", isNumber: true),
      TextTable.Column("bytes", isNumber: true), TextTable.Column("coded", isNumber: true),
      TextTable.Column("bits", isNumber: true), TextTable.Column("bound", isNumber: true),
    ])
    for (packed, coded) in zip(packed, coded) {
      table.rows.append([
        packed.name, coded.form, packed.shape.description, GraphSummary.grouped(packed.nonZeros),
        GraphSummary.grouped(packed.bytes), GraphSummary.grouped(coded.bytes),
        Self.hundredths(coded.bitsPerWeight), Self.hundredths(coded.entropyPerWeight),
      ])
    }
    table.rows.append([
      "file", "", "", GraphSummary.grouped(packed.reduce(0) { $0 + $1.nonZeros }),
      GraphSummary.grouped(file.fileBytes), GraphSummary.grouped(file.codedBytes), "", "",
    ])
    let breakEven = BreakEvenTable(of: coded)?.lines(width: width) ?? []
    let legend = "bits: coded, of a weight that is not zero; bound: the entropy of its symbols"
    return table.lines(width: width) + [legend] + breakEven + valueLines(width: width)
  }

  private static func hundredths(_ number: Double) -> String {
    let hundredths = Int((number * 100).rounded())
    return "\(hundredths / 100).\(hundredths % 100 / 10)\(hundredths % 10)"
  }

  private func valueLines(width: Int) -> [String] {
    guard !graph.values.isEmpty else { return [] }
    var table = TextTable(columns: [
      TextTable.Column("value", shrinksTo: 12), TextTable.Column("encoding"),
      TextTable.Column("settings", shrinksTo: 20),
    ])
    for (name, encoding) in graph.values.sorted(by: { $0.key < $1.key }) {
      table.rows.append([name, encoding.kind, encoding.settingsNode.compactJSON])
    }
    return [""] + table.lines(width: width)
  }

  /// The entries of the summary in JSON: `tensors`, `values` and `size`.
  var fields: [(key: String, value: SettingsNode)] {
    let tensors = zip(packed, coded).map { packed, coded in
      let sizes = SettingsNode(mapping: [
        "name": packed.name.node, "encoding": packed.encoding.node, "shape": packed.shape.settingsNode,
        "nonZeros": packed.nonZeros.node, "bytes": packed.bytes.node, "codedBytes": coded.bytes.node,
        "bitsPerWeight": coded.bitsPerWeight.node, "entropyPerWeight": coded.entropyPerWeight.node,
      ])
      guard let places = packed.places, let codedPlaces = coded.places else { return sizes }
      return sizes.adding(
        SettingsNode(mapping: [
          "places": places.description.node, "codedPlaces": codedPlaces.description.node,
          "breakEven": BreakEvenTable.node(of: coded),
        ]))
    }
    let values = graph.values.sorted { $0.key < $1.key }.map { name, encoding in
      SettingsNode(mapping: [
        "name": name.node, "encoding": encoding.kind.node, "settings": encoding.settingsNode,
      ])
    }
    let size = SettingsNode(mapping: [
      "fileBytes": file.fileBytes.node, "codedBytes": file.codedBytes.node,
    ])
    return [
      ("tensors", SettingsNode(.list(tensors))), ("values", SettingsNode(.list(values))), ("size", size),
    ]
  }
}
