import Graphs
import Networks
import Settings
import Tensors
import Testing

@Suite("Errors in specs")
struct SpecErrorTests {
  private func message(_ layers: String, head: String = "input: [1, 28, 28]\nclasses: 10\n") -> String {
    do {
      let node = try SettingsNode(yaml: head + layers, source: "Teachers/x.yaml")
      _ = try NetworkSpec(node, defaultName: "x").build()
      return "accepted"
    } catch {
      return "\(error)"
    }
  }

  @Test(
    "A message names file, line, layer and shapes",
    arguments: [
      (
        "layers:\n  - conv: {filters: 4, kernel: 25}\n  - conv: {filters: 4, kernel: 5}",
        "Teachers/x.yaml:5: layer \"conv2\" on 4x4x4: conv2d: "
      ),
      ("layers:\n  - linear: 10", "Teachers/x.yaml:4: layer \"linear1\" on 1x28x28: linear"),
      (
        "layers:\n  - cnov: {filters: 4, kernel: 5}",
        "Teachers/x.yaml:4: \"cnov\" is not a layer; did you mean \"conv"
      ),
      (
        "layers:\n  - conv: {filtres: 4}",
        "Teachers/x.yaml:4: \"filtres\" is not a setting of conv; did you mean \"filters\"?"
      ),
      ("layers:\n  - conv: 4", "Teachers/x.yaml:4: conv needs \"kernel\""),
      ("layers:\n  - linear: $width", "Teachers/x.yaml:4: \"$width\" is not"),
      (
        "variables: {wide: 3}\nlayers:\n  - linear: $wid",
        "Teachers/x.yaml:5: \"$wid\" is not a setting of the network's variables; did you mean \"$wide\"?"
      ),
      ("variables: {wide: 3}\nlayers:\n  - relu", "Teachers/x.yaml:3: \"wide\": stands in no layer"),
      (
        "variables: {wide: [3]}\nlayers:\n  - linear: $wide",
        "Teachers/x.yaml:3: \"wide\" must be a number, true, false or a word, found"
      ),
      ("variables: {wide: x}\nlayers:\n  - flatten\n  - linear: $wide", "Teachers/x.yaml:6"),
      ("layers:\n  - flatten\n  - residual: 16", "Teachers/x.yaml:5: "),
      ("layers:\n  - relu: 3", "Teachers/x.yaml:4: \"relu\" must be no setting, found the integer 3"),
      (
        "layers:\n  - relu:\n    flatten:",
        "Teachers/x.yaml:4: a layer must be a kind, or one kind with its settings such as "
          + "\"conv: {filters: 20, kernel: 5}\", found a mapping of relu, flatten"
      ),
      ("layers:\n  - 3", "Teachers/x.yaml:4: a layer must be a kind"),
      (
        "layers:\n  - relu: {name: a}\n  - relu: {name: a}",
        "Teachers/x.yaml:5: layer a: two values have this name"
      ),
      (
        "layers:\n  - relu: {name: first}\n  - add: {from: [first, frist]}",
        "Teachers/x.yaml:5: add reads \"frist\", which no earlier layer makes; did you mean \"first\"?"
      ),
      (
        "layers:\n  - stage: {count: 2, of: {residual: {filters: 4, strde: 2}}}",
        "Teachers/x.yaml:4: \"strde\" is not a setting of residual; did you mean \"stride\"?"
      ),
      (
        "layers:\n  - stage: {stride: 2, of: relu}",
        "Teachers/x.yaml:4: \"stride\" is not a setting of relu; it has none"
      ),
      (
        "layers:\n  - stage: {count: 2000, of: relu}",
        "Teachers/x.yaml:4: \"count\" must be an integer in 1...1024"
      ),
      (
        "layers:\n  - stage: {count: 1000, of: {stage: {count: 1000, of: relu}}}",
        "Teachers/x.yaml:4: the layers expand to more than 10000 nodes"
      ),
      (
        "layers:\n  - stage: {count: 1024, of: {stage: {count: 1024, of: {stage: {count: 1024, of: []}}}}}",
        "Teachers/x.yaml:4: \"of\" must be a layer or a list of at least one layer, found a list of 0"
      ),
      (
        "layers:\n  - relu",
        "Teachers/x.yaml:1: no layer makes \"logits\"; end the layers with \"classifier\" or \"detector\""
      ),
      (
        "layers:\n  - flatten\n  - linear: {features: 9, name: logits}",
        "Teachers/x.yaml:1: \"logits\" must have the shape 10, found 9"
      ),
      (
        "layrs:\n  - relu",
        "Teachers/x.yaml:3: \"layrs\" is not a setting of a network; did you mean \"layers\"?"
      ),
      ("title: none", "Teachers/x.yaml:1: a network needs \"layers\""),
    ])
  func messages(layers: String, expected: String) {
    #expect(message(layers).hasPrefix(expected), "\(message(layers))")
  }

  @Test(
    "An input that is no image is refused",
    arguments: ["[28, 28]", "[0, 28, 28]", "[1, -28, 28]", "[4000000000, 4000000000, 4]"])
  func inputs(input: String) {
    #expect(
      message("layers: [relu]", head: "input: \(input)\nclasses: 10\n").hasPrefix(
        "Teachers/x.yaml:1: \"input\" must be a list of channels, height and width"))
  }

  @Test("Options out of range are refused")
  func options() throws {
    let node = try SettingsNode(
      yaml: "input: [1, 8, 8]\nclasses: 2\nlayers: [flatten, classifier]", source: "x.yaml")
    let spec = try NetworkSpec(node, defaultName: "x")
    for options in [
      NetworkOptions(input: [8, 8]), NetworkOptions(channels: 0), NetworkOptions(classes: 0),
      NetworkOptions(width: 0), NetworkOptions(width: .nan),
    ] {
      #expect(throws: NetworkError.self) { try spec.build(options: options) }
    }
    #expect(try spec.build(options: NetworkOptions(classes: 5)).shape(of: "logits") == [1, 5])
  }

  @Test("Branches are written with names and from")
  func branches() throws {
    let text = """
      input: [3, 8, 8]
      classes: 2
      layers:
        - conv: {name: stem, filters: 4, kernel: 3, padding: 1}
        - conv-norm: {name: left, filters: 4}
        - relu: {name: right, from: stem}
        - add: {from: [left, right]}
        - flatten
        - classifier
      """
    let graph = try NetworkSpec(SettingsNode(yaml: text, source: "x.yaml"), defaultName: "x").build()
    #expect(graph.node(named: "add1")?.inputs == ["left.relu1", "right"])
    #expect(graph.node(named: "right")?.inputs == ["stem"])
  }
}
