import Foundation
import Yams

extension SettingsNode {
  /// The largest file that is read as settings, in bytes.
  static let maximumBytes = 64 << 20
  /// The most values of a document, with aliases counted each time; it bounds hostile files.
  static let maximumNodes = 1_000_000

  /// Reads a YAML or JSON file.
  public init(contentsOf path: String) throws(SettingsError) {
    let data: Data
    do {
      data = try FileContents.read(path, atMost: Self.maximumBytes)
    } catch {
      throw .unreadable(path: path, reason: FileFailure.reason(error, path: path))
    }
    guard data.count <= Self.maximumBytes else {
      throw .unreadable(path: path, reason: "settings have at most \(Self.maximumBytes) bytes")
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw .unreadable(path: path, reason: "not UTF-8 text")
    }
    try self.init(yaml: text, source: path)
  }

  /// Reads YAML; JSON is read by the same rules, as it is a subset for all that settings use.
  ///
  /// Plain scalars follow YAML 1.2's core schema: `true` and `false` are booleans, `no` and `on` are text.
  public init(yaml text: String, source: String) throws(SettingsError) {
    if let line = AliasedKeys(text).firstLine {
      throw .syntax(
        SettingsMark(source: source, line: line), reason: "keys must be words, not aliases or expressions")
    }
    let composed: Node?
    do {
      composed = try Yams.compose(yaml: text)
    } catch let error as YamlError {
      throw Self.syntaxError(error, source: source)
    } catch {
      throw .syntax(SettingsMark(source: source), reason: "\(error)")
    }
    var converter = Converter(source: source)
    self =
      try composed.map { node throws(SettingsError) in try converter.convert(node) }
      ?? SettingsNode(.mapping([]), mark: SettingsMark(source: source, line: 1))
  }

  private static func syntaxError(_ error: YamlError, source: String) -> SettingsError {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      .syntax(SettingsMark(source: source, line: mark.line), reason: problem)
    case .duplicatedKeysInMapping(let duplicates, _):
      .duplicateKey(
        SettingsMark(source: source), key: duplicates.first ?? "")
    default:
      .syntax(SettingsMark(source: source), reason: "\(error)")
    }
  }

  /// Converts Yams' nodes, and counts them.
  private struct Converter {
    let source: String
    var count = 0

    mutating func convert(_ node: Node) throws(SettingsError) -> SettingsNode {
      let mark = SettingsMark(source: source, line: node.mark?.line)
      count += 1
      guard count <= SettingsNode.maximumNodes else {
        throw .syntax(mark, reason: "more than \(SettingsNode.maximumNodes) values")
      }
      switch node {
      case .scalar(let scalar):
        return SettingsNode(Self.content(of: scalar), mark: mark)
      case .sequence(let sequence):
        var items: [SettingsNode] = []
        for child in sequence { items.append(try convert(child)) }
        return SettingsNode(.list(items), mark: mark)
      case .mapping(let mapping):
        return SettingsNode(.mapping(try entries(of: mapping)), mark: mark)
      case .alias:
        throw .syntax(mark, reason: "an alias that names no anchor")
      }
    }

    private mutating func entries(of mapping: Node.Mapping) throws(SettingsError) -> [Entry] {
      var entries: [Entry] = []
      var seen: Set<String> = []
      for (key, value) in mapping {
        let mark = SettingsMark(source: source, line: key.mark?.line)
        guard case .scalar(let scalar) = key else { throw .syntax(mark, reason: "a key must be text") }
        guard seen.insert(scalar.string).inserted else { throw .duplicateKey(mark, key: scalar.string) }
        entries.append(Entry(key: scalar.string, mark: mark, value: try convert(value)))
      }
      return entries
    }

    /// The value of a scalar by YAML 1.2's core schema.
    private static func content(of scalar: Node.Scalar) -> Content {
      // Only plain scalars are typed; quoted ones are always text.
      guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
      let text = scalar.string
      switch text {
      case "", "~", "null", "Null", "NULL": return .null
      case "true", "True", "TRUE": return .bool(true)
      case "false", "False", "FALSE": return .bool(false)
      case ".nan", ".NaN", ".NAN": return .number(.nan)
      case ".inf", "+.inf", ".Inf": return .number(.infinity)
      case "-.inf", "-.Inf": return .number(-.infinity)
      default: break
      }
      guard let first = text.utf8.first,
        first == 0x2B || first == 0x2D || first == 0x2E || (0x30...0x39).contains(first)
      else { return .string(text) }
      if let value = Int(text) { return .integer(value) }
      let isDecimal = text.utf8.allSatisfy { (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) }
      if isDecimal, let value = Double(text) { return .number(value) }
      return .string(text)
    }
  }
}
