import Graphs

extension Graph {
  /// Says if the channels that a node makes can be removed, judged on shapes.
  func channelApplicability(to node: Node) -> Applicability {
    let rule = node.op.channels(inputShapes(of: node))
    if case .fixed(let reason) = rule { return .notApplicable(reason: "its channels stay: \(reason)") }
    guard rule == .mixing else {
      return .notApplicable(
        reason: "it makes no channels: its channels are those of the layers that it reads")
    }
    var shapes = self
    shapes.parameters = [:]
    do throws(GraphError) {
      _ = try shapes.removingChannels([node.name: [0]])
      return .applicable
    } catch {
      guard case .channels(let value, let reason) = error else { return .notApplicable(reason: "\(error)") }
      let subject = value == node.name ? "its channels stay" : "its channels stay with those of \(value)"
      return .notApplicable(reason: "\(subject): \(reason)")
    }
  }

  /// The layers of a group that make its channels.
  func producers(of group: ChannelGroup) -> [Node] {
    nodes.filter { group.values.contains($0.name) && $0.op.channels(inputShapes(of: $0)) == .mixing }
  }
}
