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

/// Why a graph in a file cannot be made.
public enum GraphReadingError: Error, Sendable, Equatable, CustomStringConvertible {
  case settings(SettingsError)
  case graph(GraphError)

  /// *where: what, expected, found; what to do*.
  public var description: String {
    switch self {
    case .settings(let error): "\(error)"
    case .graph(let error): "\(error)"
    }
  }
}

extension Graph {
  /// The longest name of a value that a file may hold, in bytes.
  static let maximumNameBytes = 256

  /// The structure as settings: inputs, nodes and outputs, without the parameters' values.
  public var structureNode: SettingsNode {
    SettingsNode(mapping: [
      "inputs": SettingsNode(.list(inputs.map(\.settingsNode))),
      "nodes": SettingsNode(.list(nodes.map(\.settingsNode))),
      "outputs": outputs.node,
    ])
  }

  /// Reads a structure; shapes are checked node by node, parameters are left out.
  public init(structure node: SettingsNode, catalogue: OpCatalogue) throws(GraphReadingError) {
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

  let inputs: [GraphInput]
  let nodes: [StoredNode]
  let outputs: [String]

  init(_ node: SettingsNode) throws(SettingsError) {
    try node.requireKeys(["inputs", "nodes", "outputs"], of: "a graph")
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
