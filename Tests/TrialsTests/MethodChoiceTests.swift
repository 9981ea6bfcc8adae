import Graphs
import Methods
import Settings
import TestSupport
import Testing
import Trials

@Suite("Methods with overrides")
struct MethodChoiceTests {
  private func choice(_ overrides: String) throws -> MethodChoice {
    func node(_ yaml: String) throws -> SettingsNode { try SettingsNode(yaml: yaml, source: "recipe") }
    return try MethodChoice(
      name: ChannelPruning.name, settings: node("{criterion: taylor, sparsity: 0.5}"),
      overrides: node(overrides))
  }

  @Test("A random control takes as much from each layer as the method does, by chance everywhere")
  func control() throws {
    let overridden = try choice(
      "[{layers: conv1, sparsity: 0.25, criterion: l1}, {layers: conv2, criterion: l1}, {layers: linear1, skip: true}]"
    )
    let control = try #require(overridden.randomControl)
    #expect((control.method as? ChannelPruning)?.criterion is RandomScore)
    #expect(control.overrides.map(\.settings.canonicalJSON) == [#"{"sparsity":0.25}"#, "{}", "{}"])
    #expect(control.overrides.map(\.skips) == [false, false, true])
    // A threshold in one layer has no equivalent in a random control.
    let thresholds = try MethodChoice(
      name: MagnitudePruning.name, settings: SettingsNode(yaml: "{sparsity: 0.5}", source: "recipe"),
      overrides: SettingsNode(yaml: "[{layers: conv1, threshold: 1}]", source: "recipe"))
    #expect(thresholds.randomControl == nil)
  }

  @Test(
    "A setting that a stage has for all layers is refused for some, where it would do nothing",
    arguments: [
      ("post-training-quantization", "calibration: minmax"), ("quantization-aware-training", "norms: late"),
      ("adaptive-rounding", "iterations: 5"), ("binary-weights", "powerOfTwoScales: true"),
      ("powers-of-two", "incremental: true"), ("channel-pruning", "times: 3"),
    ])
  func ofWholeStage(method: String, setting: String) throws {
    func choice(_ overrides: String) throws -> MethodChoice {
      try MethodChoice(
        name: method, settings: SettingsNode(yaml: "{}", source: "recipe"),
        overrides: SettingsNode(yaml: overrides, source: "recipe"))
    }
    let message = errorMessage { _ = try choice("[{layers: conv1, \(setting)}]") }
    let key = setting.prefix { $0 != ":" }
    #expect(
      message
        == "recipe:1: \"\(key)\": applies to all layers of \(method); set it beside the method's settings")
    #expect(try choice("[{layers: conv1, skip: true}]").overrides.count == 1)
  }

  @Test("An override that only another one makes wrong is refused with its layer, not left out")
  func contradiction() throws {
    let graph = try SmallGraph.lenet.graph()
    let last = "{layers: conv1, criterion: {images: 64}}"
    #expect(try choice("[\(last)]").applicabilities(on: graph).count == graph.nodes.count)
    let overridden = try choice("[{layers: 'kind:conv2d', criterion: l1}, \(last)]")
    #expect(
      errorMessage { _ = try overridden.applicabilities(on: graph) }.hasPrefix(
        "channel-pruning: conv1: its overrides contradict each other: recipe:1: \"images\" is not a setting of l1"
      ))
  }
}
