import Graphs

extension Graph {
  /// Whether the channels that a node makes can be removed, judged on shapes.
  func channelVerdict(on node: Node) -> LayerVerdict {
    let rule = node.op.channels(inputShapes(of: node))
    if case .fixed(let reason) = rule { return .untouched(reason: "its channels stay: \(reason)") }
    guard rule == .mixing else {
      return .untouched(reason: "it makes no channels of its own: it follows the layers that it reads")
    }
    var shapes = self
    shapes.parameters = [:]
    do throws(GraphError) {
      _ = try shapes.removingChannels([node.name: [0]])
      return .touched
    } catch {
      guard case .channels(let value, let reason) = error else { return .untouched(reason: "\(error)") }
      let subject = value == node.name ? "its channels stay" : "its channels stay with those of \(value)"
      return .untouched(reason: "\(subject): \(reason)")
    }
  }

  /// The layers of a group that make its channels.
  func producers(of group: ChannelGroup) -> [Node] {
    nodes.filter { group.values.contains($0.name) && $0.op.channels(inputShapes(of: $0)) == .mixing }
  }
}
