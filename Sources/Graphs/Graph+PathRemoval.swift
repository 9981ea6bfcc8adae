import Settings
import Tensors

/// A branch of a network that ends in a concatenation.
public struct GraphPath: Sendable, Hashable {
  /// The concatenation's value.
  public let junction: String
  /// The last value of the branch.
  public let value: String

  /// The nodes that are removed with the path, in the graph's order; empty if it is only named.
  ///
  /// The junction is not among them.
  public let nodes: [String]

  /// Names a path.
  public init(junction: String, value: String, nodes: [String] = []) {
    (self.junction, self.value, self.nodes) = (junction, value, nodes)
  }
}

extension Graph {
  /// The paths that can be removed, in the graph's order.
  ///
  /// They are inputs of concatenations that nothing else needs. A value that is concatenated with itself is
  /// no path.
  public func paths() -> [GraphPath] {
    let coupling = ChannelCoupling(self)
    return nodes.flatMap { node -> [GraphPath] in
      guard node.op.channels(inputShapes(of: node)) == .stacking else { return [] }
      return node.inputs.filter { value in node.inputs.count { $0 == value } == 1 }.compactMap { value in
        let path = GraphPath(junction: node.name, value: value)
        guard let kept = try? keptChannels(without: path, coupling) else { return nil }
        let needed = neededNodes(kept)
        let names = nodes.map(\.name).filter { !needed.contains($0) }
        return GraphPath(junction: node.name, value: value, nodes: names)
      }
    }
  }

  /// The graph without a path: without its last value, all that is tied to it and all that serves it alone.
  ///
  /// The result computes what this graph does when every layer that mixes channels ignores those of the path.
  /// A junction at which one path is left is removed too.
  ///
  /// Throws `GraphError.channels` if channels of the path must stay, if something else reads it, or if it is
  /// the last path of a junction.
  public func removing(_ path: GraphPath) throws(GraphError) -> Rewrite {
    try keeping(try keptChannels(without: path, ChannelCoupling(self)))
  }

  /// The channels that remain of each value that loses some with a path.
  private func keptChannels(
    without path: GraphPath, _ coupling: ChannelCoupling
  ) throws(GraphError) -> [String: [Int]] {
    guard let shape = shape(of: path.value) else {
      throw .unknownValue(
        node: "removed path", value: path.value,
        suggestion: Spelling.nearest(to: path.value, among: nodes.map(\.name)))
    }
    let kept = try keptChannels(without: [path.value: Set(0..<shape[1])], coupling)
    if let node = nodes.first(where: { node in
      kept[node.name]?.isEmpty == true && node.inputs.contains { kept[$0]?.isEmpty == false }
    }) {
      throw .channels(value: node.name, reason: "none would be left, though not all that it reads goes")
    }
    if kept[path.junction]?.isEmpty == true {
      throw .channels(value: path.junction, reason: "the path is the last that meets there")
    }
    try requireReadable(kept, neededNodes(kept))
    return kept
  }
}
