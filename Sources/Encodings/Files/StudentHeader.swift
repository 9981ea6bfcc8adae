import Graphs
import Settings

/// The text before the parameters, as JSON without keys: all of a model but its parameters' values.
///
///     [inputs, nodes, outputs, values, classes, input, split, provenance, layouts, tensors]
///
/// A node is `[name, op]`, followed by its settings if it has any, and by the values that it reads unless it
/// reads the value before it alone. `layouts` are those of `TensorLayout`. `tensors` holds the position of
/// each parameter's layout, in the order of nodes and slots.
struct StudentHeader {
  private static let parts =
    "[inputs, nodes, outputs, values, classes, input, split, provenance, layouts, tensors]"

  /// The graph's structure, as `Graph(structure:)` reads it.
  let structure: SettingsNode
  let classes: [String]
  let input: InputDescription
  let split: SettingsNode
  let provenance: SettingsNode
  let layouts: [TensorLayout]
  let tensors: [Int]

  /// Makes the header of a model whose parameters have these layouts.
  init(of model: Model, layouts: [TensorLayout], tensors: [Int]) {
    structure = model.graph.structureNode
    classes = model.classes
    input = model.input
    split = model.split
    provenance = model.provenance
    self.layouts = layouts
    self.tensors = tensors
  }

  /// The text as bytes of UTF-8.
  func text(of graph: Graph) -> [UInt8] {
    let nothing = SettingsNode(.mapping([]))
    let node = SettingsNode(
      .list([
        structure["inputs"] ?? nothing, SettingsNode(.list(Self.shortNodes(of: graph))),
        graph.outputs.node, structure["values"] ?? nothing, classes.node, input.settingsNode, split,
        provenance, SettingsNode(.list(layouts.map(\.node))), tensors.node,
      ]))
    return Array(node.compactJSON.utf8)
  }

  private static func shortNodes(of graph: Graph) -> [SettingsNode] {
    var previous = graph.inputs.last?.name
    return graph.nodes.map { node in
      var items = [node.name.node, node.op.kind.node]
      let settings = node.op.settingsNode
      if settings.content != .mapping([]) { items.append(settings) }
      if node.inputs != [previous] { items.append(node.inputs.node) }
      previous = node.name
      return SettingsNode(.list(items))
    }
  }

  /// Reads a text, which is untrusted; the graph is made later.
  init(text: [UInt8]) throws(SettingsError) {
    let header = try SettingsNode(json: text, source: "header")
    let items = try header.list("header")
    guard items.count == 10 else {
      throw .outOfRange(header.mark, key: "header", expected: Self.parts, found: "\(items.count) items")
    }
    structure = SettingsNode(mapping: [
      "inputs": items[0], "nodes": try Self.longNodes(items[1], inputs: items[0]), "outputs": items[2],
      "values": items[3],
    ])
    classes = try [String](reading: items[4], key: "classes")
    input = try InputDescription(from: items[5])
    split = items[6]
    provenance = items[7]
    let layouts = try items[8].list("layouts").map { node throws(SettingsError) in
      try TensorLayout(from: node)
    }
    self.layouts = layouts
    tensors = try [Int](reading: items[9], key: "tensors")
    if let stray = tensors.first(where: { !layouts.indices.contains($0) }) {
      throw .outOfRange(
        items[9].mark, key: "tensors", expected: "places of \(layouts.count) layouts", found: "\(stray)")
    }
  }

  /// The nodes in the form of a graph's structure.
  private static func longNodes(_ node: SettingsNode, inputs: SettingsNode) throws(SettingsError)
    -> SettingsNode
  {
    var previous = try inputs.list("inputs").last?["name"] ?? SettingsNode(.null)
    var nodes: [SettingsNode] = []
    for short in try node.list("nodes") {
      var items = try short.list("a node")[...]
      guard let name = items.popFirst(), let op = items.popFirst() else {
        throw .outOfRange(
          short.mark, key: "nodes", expected: "[name, op, settings, inputs]", found: "less than two items")
      }
      var settings = SettingsNode(.mapping([]), mark: short.mark)
      if case .mapping = items.first?.content { settings = items.removeFirst() }
      let reads = items.popFirst() ?? SettingsNode(.list([previous]), mark: short.mark)
      guard items.isEmpty else {
        throw .outOfRange(
          short.mark, key: "nodes", expected: "[name, op, settings, inputs]", found: "more items")
      }
      nodes.append(SettingsNode(mapping: ["name": name, "op": op, "settings": settings, "inputs": reads]))
      previous = name
    }
    return SettingsNode(.list(nodes), mark: node.mark)
  }
}
