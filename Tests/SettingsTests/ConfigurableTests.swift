import Settings
import TestSupport
import Testing

@Suite("Configurable")
struct ConfigurableTests {
  @Test("what is written reads back equal, as YAML and as JSON")
  func roundTrip() throws {
    var demo = Demo()
    demo.criterion = .random
    demo.sparsity = 0.1
    demo.steps = 7
    demo.rate = 0.3
    demo.isBold = true
    demo.label = "quoted \"yes\", no: true\n\ttab é \u{1}"
    demo.limit = 3
    demo.sizes = [4, -5]
    for text in [demo.node.prettyJSON, demo.node.canonicalJSON] { #expect(try Demo(yaml: text) == demo) }
    #expect(try Demo(yaml: Demo().node.prettyJSON) == Demo())
    #expect(try Demo(yaml: "") == Demo())
    #expect(try Demo(yaml: "null") == Demo())
  }

  private struct Later: Configurable, Equatable {
    var old = 1
    var new = 2

    static var settings: [Setting<Later>] {
      [Setting("old", \.old, "was there"), Setting("new", \.new, "came later").omittedAsDefault()]
    }
  }

  @Test("a setting that is omitted as the default is written where it is another, and read back")
  func omitted() throws {
    #expect(Later().node.canonicalJSON == #"{"old":1}"#)
    var later = Later()
    later.new = 3
    #expect(later.node.canonicalJSON == #"{"new":3,"old":1}"#)
    #expect(try Later(from: later.node, owner: "later") == later)
    #expect(try Later(from: Later().node, owner: "later") == Later())
  }

  @Test("equal settings have equal canonical text, whatever the order and spelling")
  func canonical() throws {
    let one = try Demo(yaml: "{steps: 3, sparsity: 0.25}").node.canonicalJSON
    let two = try Demo(yaml: "sparsity: 2.5e-1\nsteps: 3.0").node.canonicalJSON
    #expect(one == two)
    #expect(one.hasPrefix("{\"bold\":false,\"criterion\":\"magnitude\",\"label\":"))
    #expect(one.contains("\"rate\":0.1,"))
  }

  @Test("a misspelt key is refused with place, the nearest key and all keys")
  func unknownKey() throws {
    let text = String(repeating: "\n", count: 12) + "criterion: l1\nsparsty: 0.5"
    #expect(
      errorMessage {
        _ = try Pruning(from: SettingsNode(yaml: text, source: "Recipes/tiny.yaml"), owner: "channel-pruning")
      }
        == """
        Recipes/tiny.yaml:14: "sparsty" is not a setting of channel-pruning; did you mean "sparsity"? \
        (criterion, sparsity, steps)
        """)
    #expect(
      errorMessage { _ = try Demo(yaml: "colour: red") }
        == "demo.yaml:1: \"colour\" is not a setting of channel-pruning; "
        + "(criterion, sparsity, steps, rate, bold, label, limit, sizes)")
  }

  @Test("a required key that is absent is named")
  func missingKey() {
    #expect(
      errorMessage {
        _ = try Pruning(from: SettingsNode(yaml: "steps: 1", source: "a.yaml"), owner: "pruning")
      } == "a.yaml:1: pruning needs \"criterion\"")
  }

  @Test(
    "values out of range and of other types are refused with what is expected",
    arguments: [
      ("sparsity: 1.5", "demo.yaml:1: \"sparsity\" must be a number in 0.0...1.0, found the number 1.5"),
      ("\nsteps: 0", "demo.yaml:2: \"steps\" must be an integer in 1...100, found the integer 0"),
      ("steps: 1.5", "demo.yaml:1: \"steps\" must be an integer, found the number 1.5"),
      ("steps: three", "demo.yaml:1: \"steps\" must be an integer, found the text \"three\""),
      ("steps: [1]", "demo.yaml:1: \"steps\" must be an integer, found a list of 1"),
      ("steps: 99999999999999999999", "demo.yaml:1: \"steps\" must be an integer, found the number 1e+20"),
      ("limit: 10", "demo.yaml:1: \"limit\" must be an integer in 1...9, or null, found the integer 10"),
      ("bold: yes", "demo.yaml:1: \"bold\" must be true or false, found the text \"yes\""),
      ("bold: 1", "demo.yaml:1: \"bold\" must be true or false, found the integer 1"),
      ("label: 3", "demo.yaml:1: \"label\" must be text, found the integer 3"),
      ("rate: .nan", "demo.yaml:1: \"rate\" must be a finite number, found the number nan"),
      ("rate: 1e200", "demo.yaml:1: \"rate\" must be a finite number, found the number 1e+200"),
      ("sparsity: .inf", "demo.yaml:1: \"sparsity\" must be a finite number, found the number inf"),
      (
        "criterion: best",
        "demo.yaml:1: \"criterion\" must be one of magnitude, random, found the text \"best\""
      ),
      ("sizes: 3", "demo.yaml:1: \"sizes\" must be a list, found the integer 3"),
      ("- 1", "demo.yaml:1: \"channel-pruning\" must be a mapping, found a list of 1"),
    ])
  func refused(_ yaml: String, _ message: String) {
    #expect(errorMessage { _ = try Demo(yaml: yaml) } == message)
  }

  @Test("null clears an optional setting and quoted numbers are text")
  func nullAndText() throws {
    #expect(try Demo(yaml: "limit: null").limit == nil)
    #expect(try Demo(yaml: "label: '3'").label == "3")
  }
}
