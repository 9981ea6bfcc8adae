import Graphs
import Networks
import Ops
import Reports
import Settings
import Tensors

/// A description of a graph as text or JSON: its nodes with their costs, and further details.
struct GraphSummary {
  /// The costs of one node.
  struct Row {
    let node: Node
    let output: Shape
    /// The number of trainable parameters.
    let parameters: Int
    /// The bytes of everything stored, including running statistics, as 32-bit floats.
    let bytes: Int
    let multiplyAdds: Int
  }

  let title: String
  let graph: Graph
  let rows: [Row]
  /// Further details: classes, input, split, provenance, or the training of a spec.
  let details: [(key: String, value: SettingsNode)]
  /// The size of the parameters in a student file; `nil` if all of them are plain floats.
  let storage: StorageSummary?

  /// Describes a trained model.
  init(model: Model, name: String) throws(ModelFileError) {
    self.init(
      title: name, graph: model.graph, storage: try StorageSummary(of: model),
      details: [
        ("classes", model.classes.node), ("input", model.input.settingsNode), ("split", model.split),
        ("provenance", model.provenance),
      ])
  }

  /// Describes a network before any training.
  init(network: NetworkSpec, graph: Graph) {
    self.init(
      title: network.title.isEmpty ? network.name : "\(network.name): \(network.title)", graph: graph,
      details: [("classes", network.classes.node), ("training", network.training)]
        + (network.paper.isEmpty ? [] : [("paper", network.paper.node)]))
  }

  private init(
    title: String, graph: Graph, storage: StorageSummary? = nil,
    details: [(key: String, value: SettingsNode)]
  ) {
    self.title = title
    self.storage = storage
    self.graph = graph
    self.details = details
    let work = GatedWork(graph)
    rows = graph.nodes.map { node in
      let slots = graph.slots(of: node).map(\.slot)
      return Row(
        node: node, output: graph.shape(of: node.name) ?? [],
        parameters: slots.filter(\.isTrainable).reduce(0) { $0 + $1.shape.count },
        bytes: slots.reduce(0) { $0 + 4 * $1.shape.count }, multiplyAdds: work.most(of: node.name))
    }
  }

  private func total(_ path: KeyPath<Row, Int>) -> Int { rows.reduce(0) { $0 + $1[keyPath: path] } }
}

extension GraphSummary {
  /// The text in lines of at most `width` columns: title, inputs, a table of nodes with totals, details.
  func text(width: Int) -> String {
    var lines = TextWrap.lines(title, width: width)
    for input in graph.inputs { lines.append("input \(input.name) \(input.shape)") }
    lines.append("")
    lines += table.lines(width: width)
    if total(\.multiplyAdds) < graph.multiplyAdds {
      let text =
        "gates choose channels image by image: \(Self.grouped(total(\.multiplyAdds))) multiply-adds at most, "
        + "\(Self.grouped(graph.multiplyAdds)) with all channels; `condense evaluate` counts them on images"
      lines += [""] + TextWrap.lines(text, width: width)
    }
    if let storage { lines += [""] + storage.lines(width: width) }
    for detail in details {
      lines.append("")
      lines += Self.lines(detail.key, detail.value, indent: 0, width: width)
    }
    return lines.joined(separator: "\n")
  }

  private var table: TextTable {
    var table = TextTable(columns: [
      TextTable.Column("node", shrinksTo: 12), TextTable.Column("op", shrinksTo: 10),
      TextTable.Column("output"),
      TextTable.Column("parameters", isNumber: true), TextTable.Column("mult-adds", isNumber: true),
      TextTable.Column("bytes", isNumber: true),
    ])
    for row in rows {
      table.rows.append([
        row.node.name, row.node.op.kind, Shape(Array(row.output.dimensions.dropFirst())).description,
        row.parameters == 0 ? "" : Self.grouped(row.parameters), Self.short(row.multiplyAdds),
        Self.short(row.bytes),
      ])
    }
    table.rows.append([
      "total", "", "", Self.grouped(total(\.parameters)), Self.short(total(\.multiplyAdds)),
      Self.short(total(\.bytes)),
    ])
    return table
  }

  /// A detail as `key: value`; a mapping takes one indented line for each entry.
  private static func lines(_ key: String, _ node: SettingsNode, indent: Int, width: Int) -> [String] {
    let margin = String(repeating: " ", count: indent)
    switch node.content {
    case .mapping(let entries) where indent < width / 2:
      return [margin + key]
        + entries.flatMap { lines($0.key, $0.value, indent: indent + 2, width: width) }
    case .list(let items):
      let shown = items.prefix(100).map(text(of:)) + (items.count > 100 ? ["… \(items.count) in all"] : [])
      return wrapped(key, shown.joined(separator: ", "), margin, width)
    default:
      return wrapped(key, text(of: node), margin, width)
    }
  }

  private static func wrapped(_ key: String, _ value: String, _ margin: String, _ width: Int) -> [String] {
    let lines = TextWrap.lines("\(key) \(value)", width: width - margin.count - 2)
    return lines.enumerated().map { margin + ($0.offset == 0 ? "" : "  ") + $0.element }
  }

  private static func text(of node: SettingsNode) -> String {
    if case .string(let text) = node.content { return text }
    return node.canonicalJSON
  }

  /// The number with separators, `431,080`.
  static func grouped(_ count: Int) -> String {
    var text = ""
    for (position, digit) in "\(count)".reversed().enumerated() {
      if position > 0, position % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return String(text.reversed())
  }

  /// The number with four digits and a unit, `2.293 M`; empty for 0.
  static func short(_ count: Int) -> String {
    guard count >= 1000 else { return count == 0 ? "" : "\(count)" }
    let units = ["k", "M", "G", "T", "P"]
    var value = Double(count) / 1000
    var unit = 0
    while value >= 999.95, unit + 1 < units.count {
      value /= 1000
      unit += 1
    }
    let decimals = value < 10 ? 1000.0 : value < 100 ? 100.0 : 10.0
    return "\((value * decimals).rounded() / decimals) \(units[unit])"
  }
}

extension GraphSummary {
  /// The summary as JSON, schema 1.
  var node: SettingsNode {
    let inputs = graph.inputs.map {
      SettingsNode(mapping: ["name": $0.name.node, "shape": $0.shape.settingsNode])
    }
    let total = SettingsNode(mapping: [
      "parameters": total(\.parameters).node, "multiplyAdds": total(\.multiplyAdds).node,
      "bytes": total(\.bytes).node,
    ])
    let fields: [(key: String, value: SettingsNode)] =
      [
        ("schema", 1.node), ("title", title.node), ("inputs", SettingsNode(.list(inputs))),
        ("outputs", graph.outputs.node), ("nodes", SettingsNode(.list(rows.map(\.settingsNode)))),
        ("total", total),
      ] + (storage?.fields ?? [])
    let mark = SettingsMark(source: "built-in")
    return SettingsNode(
      .mapping((fields + details).map { SettingsNode.Entry(key: $0.key, mark: mark, value: $0.value) }))
  }
}

extension GraphSummary.Row {
  fileprivate var settingsNode: SettingsNode {
    SettingsNode(mapping: [
      "name": node.name.node, "op": node.op.kind.node, "inputs": node.inputs.node,
      "settings": node.op.settingsNode, "output": output.settingsNode, "parameters": parameters.node,
      "multiplyAdds": multiplyAdds.node, "bytes": bytes.node,
    ])
  }
}
