import Settings
import Testing

@Suite("Strict JSON")
struct JSONTests {
  private func read(_ text: String) throws(SettingsError) -> SettingsNode {
    try SettingsNode(json: text, source: "t")
  }

  private func message(_ text: String) -> String {
    do throws(SettingsError) {
      return "accepted: \(try read(text).canonicalJSON)"
    } catch {
      return "\(error)"
    }
  }

  @Test("What is written as canonical or pretty JSON is read back equal")
  func roundTrip() throws {
    let node = SettingsNode(mapping: [
      "a": 1.node, "b": [0.5, -2e-7, 1e300].node, "c": "é \u{1F600} \"\\\n\u{1}".node,
      "d": SettingsNode(.null),
      "e": SettingsNode(.list([])), "f": SettingsNode(.mapping([])), "g": true.node,
    ])
    #expect(try read(node.canonicalJSON) == node)
    #expect(try read(node.prettyJSON) == node)
  }

  @Test("Escapes as Python's json.dumps writes them are read, surrogate pairs included")
  func escapes() throws {
    #expect(try read(#""\u00e9\uD83D\uDE00\/\b\f\n\r\t""#).content == .string("é\u{1F600}/\u{8}\u{C}\n\r\t"))
  }

  @Test("Integers stay integers, other numbers become doubles")
  func numbers() throws {
    #expect(
      try read("[0, -7, 1.0, 1e2, 9223372036854775807, 9223372036854775808]").content
        == .list([
          0.node, (-7).node, 1.0.node, 100.0.node, Int.max.node, SettingsNode(.number(9223372036854775808)),
        ]))
  }

  @Test(
    "Text that is no strict JSON is refused with its place",
    arguments: [
      ("", "t:1: not valid YAML or JSON: the text ends where a value should be at byte 0"),
      ("{\"a\": 1,}", "t:1: not valid YAML or JSON: expected a key in double quotes at byte 8"),
      ("[1 2]", "t:1: not valid YAML or JSON: expected \",\" or \"]\" at byte 3"),
      ("[1] x", "t:1: not valid YAML or JSON: more text behind the value at byte 4"),
      ("\n01", "t:2: not valid YAML or JSON: a number that begins with 0 at byte 3"),
      ("-", "t:1: not valid YAML or JSON: expected a value at byte 1"),
      ("NaN", "t:1: not valid YAML or JSON: expected a value at byte 0"),
      ("1e999", "t:1: not valid YAML or JSON: the number 1e999 is out of range at byte 5"),
      ("\"\\uD83D\"", "t:1: not valid YAML or JSON: half of a surrogate pair at byte 7"),
      ("\"\\uDE00\"", "t:1: not valid YAML or JSON: half of a surrogate pair at byte 7"),
      ("\"\\x\"", "t:1: not valid YAML or JSON: an unknown escape at byte 3"),
      ("\"a", "t:1: not valid YAML or JSON: text without a closing quote at byte 2"),
      ("\"a\nb\"", "t:1: not valid YAML or JSON: a control character in text at byte 3"),
      ("tru", "t:1: not valid YAML or JSON: expected true at byte 3"),
      ("{\"a\": 1,\n\"a\": 2}", "t:2: \"a\" is given twice; keep one"),
    ])
  func refusals(text: String, expected: String) {
    #expect(message(text) == expected)
  }

  @Test("Bytes that are not UTF-8 are refused")
  func notUTF8() {
    #expect(throws: SettingsError.self) {
      try SettingsNode(json: [0x22, 0xC3, 0x28, 0x22] as [UInt8], source: "t")
    }
  }

  @Test("Nesting of 64 is read, nesting of a million refused")
  func depth() throws {
    _ = try read(String(repeating: "[", count: 64) + String(repeating: "]", count: 64))
    #expect(message(String(repeating: "[", count: 1_000_000)).contains("nested deeper than 64 levels"))
  }

  @Test("A key of 1,024 bytes is read, a longer one refused")
  func keyLength() throws {
    _ = try read("{\"\(String(repeating: "k", count: 1024))\": 1}")
    #expect(
      message("{\"\(String(repeating: "k", count: 1025))\": 1}").contains("a key of more than 1024 bytes"))
  }
}
