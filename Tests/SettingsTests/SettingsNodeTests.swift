import Foundation
import Settings
import TestSupport
import Testing

@Suite("Settings files")
struct SettingsNodeTests {
  private func content(_ scalar: String) throws -> SettingsNode.Content {
    try #require(try SettingsNode(yaml: "key: \(scalar)", source: "a.yaml")["key"]).content
  }

  @Test(
    "plain scalars follow YAML 1.2",
    arguments: [
      ("true", .bool(true)), ("False", .bool(false)), ("yes", .string("yes")), ("no", .string("no")),
      ("on", .string("on")), ("12", .integer(12)), ("-7", .integer(-7)), ("+7", .integer(7)),
      ("0.5", .number(0.5)), (".5", .number(0.5)), ("1e3", .number(1000)), ("~", .null), ("null", .null),
      ("", .null), ("12:30:45", .string("12:30:45")), ("2026-01-02", .string("2026-01-02")),
      ("0x10", .string("0x10")), ("1_000", .string("1_000")), ("1e", .string("1e")),
      ("'12'", .string("12")), ("\"true\"", .string("true")), ("nan", .string("nan")),
      ("infinity", .string("infinity")),
      ("-.inf", .number(-.infinity)), ("3x3", .string("3x3")),
    ] as [(String, SettingsNode.Content)])
  func scalars(_ text: String, _ expected: SettingsNode.Content) throws {
    #expect(try content(text) == expected)
  }

  @Test("a key given twice is refused")
  func duplicates() {
    for text in ["a: 1\nb: 2\na: 3", "{\"a\": 1, \"a\": 1}"] {
      #expect(
        errorMessage { _ = try SettingsNode(yaml: text, source: "a.yaml") }.contains("\"a\" is given twice"))
    }
  }

  @Test(
    "broken text is refused with its place",
    arguments: [
      "a: [1, 2", "a: \"open", "a: b: c", "\ta: 1", "a: *nothing", "? [1]\n: 2", "a: &x [*x]", "%YAML 3",
    ])
  func broken(_ text: String) {
    #expect(errorMessage { _ = try SettingsNode(yaml: text, source: "a.yaml") }.hasPrefix("a.yaml"))
  }

  @Test("aliases as keys, which take for ever to compare, are refused by their line", .timeLimit(.minutes(1)))
  func aliasedKeys() throws {
    var text = "a0: &a0 {x: 1}\n"
    for level in 1...30 {
      text +=
        "a\(level): &a\(level) {? *a\(level - 1) : *a\(level - 1), ? [*a\(level - 1), *a\(level - 1)] : 1}\n"
    }
    for yaml in [text, "a: &a {x: 1}\n*a : 2\n", "a: &a x\nb: {*a : 1}\n", "a: &a {x: 1}\n? *a\n: 2\n"] {
      let message = errorMessage { _ = try SettingsNode(yaml: yaml, source: "s.yaml") }
      #expect(message.hasPrefix("s.yaml:2: ") && message.contains("keys must be words"), "\(message)")
    }
    let fine = try SettingsNode(yaml: "a: &a [1, 2]\nb: *a\nc: [*a, *a]\nd: why? b\n", source: "s")
    #expect(try fine["b"]?.list("b").count == 2 && fine["c"]?.list("c").count == 2)
  }

  @Test("aliases that multiply are refused before memory runs out", .timeLimit(.minutes(1)))
  func aliases() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1..<12 {
      let uses = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(uses)]\n"
    }
    #expect(
      errorMessage { _ = try SettingsNode(yaml: text, source: "a.yaml") }.contains("more than 1000000 values")
    )
  }

  @Test("deep nesting is refused or read, and never overflows the stack", .timeLimit(.minutes(1)))
  func nesting() {
    let text = String(repeating: "[", count: 100_000)
    #expect(errorMessage { _ = try SettingsNode(yaml: text, source: "a.yaml") }.hasPrefix("a.yaml"))
  }

  @Test("every value knows its line")
  func lines() throws {
    let node = try SettingsNode(yaml: "a: 1\nb:\n  - 2\n  - c: 3\n", source: "a.yaml")
    #expect(node["a"]?.mark.description == "a.yaml:1")
    let items = try #require(try node["b"]?.list("b"))
    #expect(items.map(\.mark.line) == [3, 4])
    #expect(items[1]["c"]?.mark.line == 4)
  }

  @Test("JSON escapes what JSON must and reads back")
  func escapes() throws {
    let text = "\"\\\n\r\t\u{0}\u{7F}é✓"
    let node = SettingsNode(mapping: ["k\"": SettingsNode(.string(text))])
    let data = Data(node.canonicalJSON.utf8)
    let read = try #require(try JSONSerialization.jsonObject(with: data) as? [String: String])
    #expect(read == ["k\"": text])
    #expect(try SettingsNode(yaml: node.canonicalJSON, source: "a.json") == node)
  }

  @Test("a file that is absent or not UTF-8 is refused by its path")
  func files() throws {
    #expect(
      errorMessage { _ = try SettingsNode(contentsOf: "/no/such.yaml") }
        == "/no/such.yaml: cannot be read: no such file")
    let path = FileManager.default.temporaryDirectory.appending(path: "settings-\(UUID().uuidString).yaml")
    try Data([0x61, 0x3A, 0x20, 0xFF, 0xFE]).write(to: path)
    defer { try? FileManager.default.removeItem(at: path) }
    #expect(errorMessage { _ = try SettingsNode(contentsOf: path.path) }.hasSuffix("not UTF-8 text"))
  }

  @Test(
    "misspelt words find what was meant",
    arguments: [
      ("sparsty", "sparsity"), ("stpes", "steps"), ("Criterion", "criterion"), ("zzz", nil), ("", nil),
      ("completely-different", nil),
    ] as [(String, String?)])
  func spelling(_ word: String, _ expected: String?) {
    #expect(Spelling.nearest(to: word, among: ["criterion", "sparsity", "steps"]) == expected)
  }
}
