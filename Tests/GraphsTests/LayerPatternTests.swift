import Graphs
import Ops
import Settings
import Testing

@Suite("Layer patterns")
struct LayerPatternTests {
  @Test(
    "Names, globs and kinds mean layers",
    arguments: [
      ("conv1", "conv1", true), ("conv*", "conv1", true), ("*1", "conv1", true), ("c?nv1", "conv1", true),
      ("*", "conv1", true), ("c*v*", "conv1", true), ("conv", "conv1", false), ("conv1?", "conv1", false),
      ("kind:linear", "conv1", true), ("kind:conv2d", "conv1", false), ("*conv*conv*", "conv1", false),
    ])
  func matches(pattern: String, name: String, isMeant: Bool) {
    let node = Node(name: name, op: Linear(features: 3), inputs: ["image"])
    #expect(LayerPattern(pattern).matches(node) == isMeant)
  }
}
