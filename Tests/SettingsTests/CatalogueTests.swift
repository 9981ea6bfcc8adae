import Settings
import TestSupport
import Testing

/// The common protocol of the kinds in these tests.
private protocol Shade: NamedKind {
  var depth: Int { get }
}

private struct Dark: Shade {
  static let name = "dark"
  static let summary = "hardly any light"
  var depth = 9
  static var settings: [Setting<Dark>] { [Setting("depth", \.depth, in: 5...10, "how dark")] }
}

private struct Light: Shade {
  static let name = "light"
  static let summary = "much light"
  var depth = 1
  static var settings: [Setting<Light>] { [Setting("depth", \.depth, in: 0...4, "how light")] }
}

private enum ShadeCatalogue: Catalogue {
  static let all: [any Shade.Type] = [Light.self, Dark.self]
  static var kinds: [any NamedKind.Type] { all }
  static func cast(_ kind: any NamedKind) -> (any Shade)? { kind as? any Shade }
}

@Suite("Catalogues of named kinds")
struct CatalogueTests {
  private func node(_ yaml: String) throws -> SettingsNode {
    try SettingsNode(yaml: yaml, source: "shade.yaml")
  }

  private func read(_ yaml: String, present: (any Shade)? = nil) throws -> any Shade {
    try present.map { try ShadeCatalogue.read(node(yaml), key: "shade", present: $0) }
      ?? ShadeCatalogue.readList(node(yaml), key: "shade")[0]
  }

  @Test("Names, types and suggestions keep the order of the list")
  func lookup() {
    #expect(ShadeCatalogue.names == ["light", "dark"])
    #expect(ShadeCatalogue.type(named: "dark") == Dark.self)
    #expect(ShadeCatalogue.type(named: "drak") == nil)
    #expect(ShadeCatalogue.suggestion(for: "drak") == "dark")
  }

  @Test("A name takes the defaults, a mapping of one sets it up, settings alone change what is there")
  func reading() throws {
    #expect(try read("dark") is Dark && read("dark").depth == 9)
    #expect(try read("{dark: {depth: 7}}").depth == 7)
    let changed = try read("{depth: 6}", present: Dark())
    #expect(changed is Dark && changed.depth == 6)
    #expect(try read("light", present: Dark()) is Light)
    let narrowed: any Shade = try ShadeCatalogue.read(
      node("dark"), key: "shade", present: Light(), among: [Dark.self])
    #expect(narrowed is Dark)
  }

  @Test(
    "What is no kind is refused with the names that there are",
    arguments: [
      ("drak", "shade.yaml:1: \"drak\" is not a setting of shade; did you mean \"dark\"? (light, dark)"),
      (
        "{drak: {}}", "shade.yaml:1: \"drak\" is not a setting of shade; did you mean \"dark\"? (light, dark)"
      ),
      (
        "3",
        "shade.yaml:1: \"shade\" must be one of light, dark, alone or with its settings, found the integer 3"
      ),
      (
        "{dark: {}, light: {}}",
        "shade.yaml:1: \"shade\" must be one of light, dark, alone or with its settings, found a mapping"
      ),
      ("{dark: {depth: 4}}", "shade.yaml:1: \"depth\" must be an integer in 5...10, found the integer 4"),
    ])
  func refusals(yaml: String, message: String) {
    #expect(errorMessage { _ = try read(yaml) } == message)
  }

  @Test("A list has each kind once; null is empty, one alone a list of one")
  func lists() throws {
    func list(_ yaml: String) throws -> [any Shade] { try ShadeCatalogue.readList(node(yaml), key: "shades") }
    #expect(try list("[dark, {light: {depth: 3}}]").map(\.depth) == [9, 3])
    #expect(try list("null").isEmpty)
    #expect(try list("dark").map(\.depth) == [9])
    #expect(
      errorMessage { _ = try list("[dark, light, dark]") }
        == "shade.yaml:1: \"dark\" is given twice; keep one")
  }

  @Test("What is written is read back; the short form has settings only where one is not as it comes")
  func writing() throws {
    var dark = Dark()
    #expect(ShadeCatalogue.writeShort(dark).canonicalJSON == "\"dark\"")
    dark.depth = 5
    for written in [ShadeCatalogue.write(dark), ShadeCatalogue.writeShort(dark)] {
      #expect(written.canonicalJSON == "{\"dark\":{\"depth\":5}}")
      #expect(try ShadeCatalogue.readList(written, key: "shade").map(\.depth) == [5])
    }
    #expect(
      ShadeCatalogue.writeList([dark, Light()]).canonicalJSON
        == "[{\"dark\":{\"depth\":5}},{\"light\":{\"depth\":1}}]")
  }
}
