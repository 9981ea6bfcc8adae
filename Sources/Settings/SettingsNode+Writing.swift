extension SettingsNode {
  /// The node as compact JSON with sorted keys.
  ///
  /// Equal settings give equal bytes, so this text is hashed.
  public var canonicalJSON: String {
    var text = ""
    writeJSON(into: &text, indent: nil, depth: 0, sorted: true)
    return text
  }

  /// The node as compact JSON in its own key order.
  public var compactJSON: String {
    var text = ""
    writeJSON(into: &text, indent: nil, depth: 0, sorted: false)
    return text
  }

  /// The node as indented JSON in its own key order.
  public var prettyJSON: String {
    var text = ""
    writeJSON(into: &text, indent: 2, depth: 0, sorted: false)
    return text
  }

  /// A number as JSON; numbers that are not finite become `null`, as JSON has none.
  private static func json(_ value: Double) -> String {
    guard value.isFinite else { return "null" }
    if value.rounded() == value, value.magnitude < 1e15 { return "\(Int(value)).0" }
    return "\(value)"
  }

  private func writeJSON(into text: inout String, indent: Int?, depth: Int, sorted: Bool) {
    func newline(_ depth: Int) {
      guard let indent else { return }
      text += "\n" + String(repeating: " ", count: indent * depth)
    }
    switch content {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += "\(value)"
    case .number(let value): text += Self.json(value)
    case .string(let value): text += Self.quoted(value)
    case .list(let items):
      let isFlat = items.allSatisfy(\.isScalar)
      text += "["
      for (index, item) in items.enumerated() {
        if index > 0 { text += indent != nil && isFlat ? ", " : "," }
        if !isFlat { newline(depth + 1) }
        item.writeJSON(into: &text, indent: indent, depth: depth + 1, sorted: sorted)
      }
      if !items.isEmpty, !isFlat { newline(depth) }
      text += "]"
    case .mapping(let entries):
      let ordered = sorted ? entries.sorted { $0.key < $1.key } : entries
      text += "{"
      for (index, entry) in ordered.enumerated() {
        if index > 0 { text += "," }
        newline(depth + 1)
        text += Self.quoted(entry.key) + (indent == nil ? ":" : ": ")
        entry.value.writeJSON(into: &text, indent: indent, depth: depth + 1, sorted: sorted)
      }
      if !ordered.isEmpty { newline(depth) }
      text += "}"
    }
  }

  /// True if the node is neither a list nor a mapping.
  public var isScalar: Bool {
    switch content {
    case .list, .mapping: false
    default: true
    }
  }

  /// The text as a JSON string.
  static func quoted(_ string: String) -> String {
    var text = "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\t": text += "\\t"
      case "\r": text += "\\r"
      case let control where control.value < 0x20 || control.value == 0x7F:
        let digits = String(control.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }
}
