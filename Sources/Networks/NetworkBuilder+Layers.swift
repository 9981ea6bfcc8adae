import Graphs
import Ops
import Settings

extension NetworkBuilder {
  /// The settings of ops that count channels, which the width multiplier scales.
  private static let scaledSettings: Set<String> = ["filters", "features"]

  /// Appends layers one after another; returns the name of the last one's value.
  mutating func append(layers: [SettingsNode], from input: String) throws(NetworkError) -> String {
    var value = input
    for node in layers { value = try append(layer: LayerEntry(node), from: value) }
    return value
  }

  /// Appends one layer, which reads `input` unless it names other layers; returns the name of its value.
  mutating func append(layer entry: LayerEntry, from input: String) throws(NetworkError) -> String {
    let outer = mark
    mark = entry.mark
    defer { mark = outer }
    if let type = BlockCatalogue.types.first(where: { $0.kind == entry.kind }) {
      return try append(block: type, entry, from: input)
    }
    let types = catalogue.types
    guard let type = types.first(where: { $0.kind == entry.kind || Self.shortKind($0.kind) == entry.kind })
    else {
      let known = BlockCatalogue.types.map { $0.kind } + catalogue.kinds.map(Self.shortKind)
      throw .unknownLayer(
        entry.mark, kind: entry.kind, suggestion: Spelling.nearest(to: entry.kind, among: known), known: known
      )
    }
    return try append(op: type, entry, from: input)
  }

  private mutating func append<B: Block>(
    block type: B.Type, _ entry: LayerEntry, from input: String
  ) throws(NetworkError) -> String {
    let (block, options) = try entry.read(type)
    let inputs = try resolve(options.from, default: input, by: entry.kind)
    guard inputs.count == 1 else {
      throw .settings(
        .wrongType(entry.mark, key: "from", expected: "one layer", found: "a list of \(inputs.count)"))
    }
    let name = options.name ?? B.scopeName.map { numbered($0) }
    guard let name else { return try block.append(to: &self, from: inputs[0]) }
    let value = try within(name) { network throws(NetworkError) in
      try block.append(to: &network, from: inputs[0])
    }
    record(layer: name, value: value)
    return value
  }

  private mutating func append<O: Op>(
    op type: O.Type, _ entry: LayerEntry, from input: String
  ) throws(NetworkError) -> String {
    let (op, options) = try entry.read(type, scaled: Self.scaledSettings, by: scaled)
    let inputs = try resolve(options.from, default: input, by: entry.kind)
    let name = options.name ?? numbered(Self.prefix(of: O.kind))
    let value = try append(op, named: name, from: inputs)
    record(layer: name, value: value)
    return value
  }

  private func resolve(
    _ references: [String], default input: String, by layer: String
  ) throws(NetworkError) -> [String] {
    guard !references.isEmpty else { return [input] }
    var values: [String] = []
    for reference in references { values.append(try value(referredTo: reference, by: layer)) }
    return values
  }

  /// The name of an op in specs: `conv` for `conv2d`, as all images are two-dimensional.
  private static func shortKind(_ kind: String) -> String {
    kind.hasSuffix("2d") ? String(kind.dropLast(2)) : kind
  }

  /// The name under which values of a kind are counted.
  ///
  /// It is the kind's last word up to a digit: `conv` for `conv2d`, `pool` for `max-pool`.
  private static func prefix(of kind: String) -> String {
    let word = kind.split(separator: "-").last ?? "layer"
    return String(word.prefix { !$0.isNumber })
  }
}
