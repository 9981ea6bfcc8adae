public import Settings
public import Tensors

extension Shape {
  /// The extents as a list.
  public var settingsNode: SettingsNode { dimensions.node }

  /// Reads a list of at most eight extents, each at least 1, of at most 2^30 elements in all.
  init(from node: SettingsNode, key: String) throws(SettingsError) {
    self.init(try [Int](reading: node, key: key))
    guard rank <= 8, count(upTo: Graph.maximumElements) ?? 0 > 0 else {
      throw .outOfRange(
        node.mark, key: key,
        expected: "at most 8 extents of at least 1 and of \(Graph.maximumElements) elements in all",
        found: "\(self)")
    }
  }
}

/// An error in reading a graph from a file.
public enum GraphReadingError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file's settings cannot be read.
  case settings(SettingsError)
  /// The settings describe a graph that is invalid.
  case graph(GraphError)

  /// The message in the form *where: what, expected, found; what to do*.
  public var description: String {
    switch self {
    case .settings(let error): "\(error)"
    case .graph(let error): "\(error)"
    }
  }
}

extension Graph {
  /// The longest name of a value that a file may hold, in bytes.
  public static let maximumNameBytes = 256

  /// The structure as settings: inputs, nodes, outputs and, where values have any, their encodings; without
  /// the parameters' values.
  public var structureNode: SettingsNode {
    let mark = SettingsMark(source: "built-in")
    var entries: [SettingsNode.Entry] = [
      .init(key: "inputs", mark: mark, value: SettingsNode(.list(inputs.map(\.settingsNode)))),
      .init(key: "nodes", mark: mark, value: SettingsNode(.list(nodes.map(\.settingsNode)))),
      .init(key: "outputs", mark: mark, value: outputs.node),
    ]
    if !values.isEmpty { entries.append(.init(key: "values", mark: mark, value: valuesNode)) }
    return SettingsNode(.mapping(entries))
  }

  /// The encodings' kinds and settings by name of value, sorted by name.
  private var valuesNode: SettingsNode {
    let mark = SettingsMark(source: "built-in")
    return SettingsNode(
      .mapping(
        values.sorted { $0.key < $1.key }.map { name, encoding in
          let value = SettingsNode(mapping: [
            "kind": encoding.kind.node, "settings": encoding.settingsNode,
          ])
          return SettingsNode.Entry(key: name, mark: mark, value: value)
        }))
  }

  /// Reads a structure without parameters and checks shapes node by node.
  ///
  /// `encodings` are the kinds that values may have; files of plain floats allow none.
  public init(
    structure node: SettingsNode, catalogue: OpCatalogue, encodings: EncodingCatalogue = .none
  ) throws(GraphReadingError) {
    let stored: StoredGraph
    do throws(SettingsError) { stored = try StoredGraph(node) } catch { throw .settings(error) }
    self.init(inputs: stored.inputs)
    if let name = Dictionary(grouping: inputs, by: \.name).filter({ $0.value.count > 1 }).keys.min() {
      throw .graph(.duplicateName(name))
    }
    for item in stored.nodes {
      let op: (any Op)?
      do throws(SettingsError) {
        op = try catalogue.op(kind: item.kind, settings: item.settings)
      } catch {
        throw .settings(error)
      }
      do throws(GraphError) {
        guard let op else {
          throw .unknownOp(
            node: item.name, kind: item.kind,
            suggestion: Spelling.nearest(to: item.kind, among: catalogue.kinds))
        }
        try append(op, name: item.name, inputs: item.inputs)
      } catch {
        throw .graph(error)
      }
    }
    outputs = stored.outputs
    try readValues(stored.values, encodings)
  }

  private mutating func readValues(
    _ stored: [StoredGraph.StoredValue], _ encodings: EncodingCatalogue
  ) throws(GraphReadingError) {
    for item in stored {
      let encoding: (any ValueEncoding)?
      do throws(SettingsError) {
        encoding = try encodings.value(kind: item.kind, settings: item.settings)
      } catch {
        throw .settings(error)
      }
      guard let encoding else {
        let known = encodings.values.map { $0.kind }
        throw .graph(
          .unknownEncoding(
            name: item.name, kind: item.kind, suggestion: Spelling.nearest(to: item.kind, among: known)))
      }
      values[item.name] = encoding
    }
  }
}

extension GraphInput {
  fileprivate var settingsNode: SettingsNode {
    SettingsNode(mapping: ["name": name.node, "shape": shape.settingsNode])
  }
}

extension Node {
  fileprivate var settingsNode: SettingsNode {
    SettingsNode(mapping: [
      "name": name.node, "op": op.kind.node, "settings": op.settingsNode, "inputs": inputs.node,
    ])
  }
}

/// A structure as a file holds it, before any op is made.
private struct StoredGraph {
  struct StoredNode {
    let name: String
    let kind: String
    let settings: SettingsNode
    let inputs: [String]
  }

  struct StoredValue {
    let name: String
    let kind: String
    let settings: SettingsNode
  }

  let inputs: [GraphInput]
  let nodes: [StoredNode]
  let outputs: [String]
  let values: [StoredValue]

  init(_ node: SettingsNode) throws(SettingsError) {
    try node.requireKeys(["inputs", "nodes", "outputs", "values"], of: "a graph")
    inputs = try node.required("inputs", of: "a graph").list("inputs")
      .map { item throws(SettingsError) in
        try item.requireKeys(["name", "shape"], of: "an input")
        return GraphInput(
          name: try Self.name(try item.required("name", of: "an input"), key: "name"),
          shape: try Shape(from: try item.required("shape", of: "an input"), key: "shape"))
      }
    nodes = try node.required("nodes", of: "a graph").list("nodes")
      .map { item throws(SettingsError) in
        try item.requireKeys(["name", "op", "settings", "inputs"], of: "a node")
        return StoredNode(
          name: try Self.name(try item.required("name", of: "a node"), key: "name"),
          kind: try Self.name(try item.required("op", of: "a node"), key: "op"),
          settings: try item.required("settings", of: "a node"),
          inputs: try Self.names(try item.required("inputs", of: "a node"), key: "inputs"))
      }
    outputs = try Self.names(try node.required("outputs", of: "a graph"), key: "outputs")
    values = try (node["values"]?.mapping("values") ?? []).map { entry throws(SettingsError) in
      try entry.value.requireKeys(["kind", "settings"], of: "a value's encoding")
      return StoredValue(
        name: entry.key,
        kind: try Self.name(try entry.value.required("kind", of: "a value's encoding"), key: "kind"),
        settings: try entry.value.required("settings", of: "a value's encoding"))
    }
  }

  private static func names(_ node: SettingsNode, key: String) throws(SettingsError) -> [String] {
    try node.list(key).map { item throws(SettingsError) in try name(item, key: key) }
  }

  private static func name(_ node: SettingsNode, key: String) throws(SettingsError) -> String {
    let name = try node.string(key)
    guard !name.isEmpty, name.utf8.count <= Graph.maximumNameBytes else {
      throw .outOfRange(
        node.mark, key: key, expected: "1 to \(Graph.maximumNameBytes) bytes of text",
        found: node.kindDescription)
    }
    return name
  }
}
