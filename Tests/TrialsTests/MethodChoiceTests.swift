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

  @Test("An override that only another one makes wrong is refused with its layer, not left out")
  func contradiction() throws {
    let graph = try SmallGraph.lenet.graph()
    let last = "{layers: conv1, criterion: {images: 64}}"
    #expect(try choice("[\(last)]").applicabilities(on: graph).count == graph.nodes.count)
    let overridden = try choice("[{layers: 'kind:conv2d', criterion: l1}, \(last)]")
    #expect(
      errorMessage { _ = try overridden.applicabilities(on: graph) }.hasPrefix(
        "channel-pruning: conv1: its overrides contradict: recipe:1: \"images\" is not a setting of l1"))
  }
}
