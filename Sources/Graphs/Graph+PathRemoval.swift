import Settings
import Tensors

/// A way through a network that meets others in a concatenation.
public struct GraphPath: Sendable, Hashable {
  /// The concatenation's value.
  public let junction: String
  /// The value that the way ends in.
  public let value: String

  /// Names a path.
  public init(junction: String, value: String) { (self.junction, self.value) = (junction, value) }
}

extension Graph {
  /// The paths that can be removed, in the graph's order: inputs of concatenations that nothing else needs. A value that is concatenated
  /// with itself is no path.
  public func paths() -> [GraphPath] {
    var shapes = self
    shapes.parameters = [:]
    return nodes.flatMap { node -> [GraphPath] in
      guard node.op.channels(inputShapes(of: node)) == .stacking else { return [] }
      return node.inputs.filter { value in node.inputs.count { $0 == value } == 1 }
        .map { GraphPath(junction: node.name, value: $0) }
        .filter { (try? shapes.removing($0)) != nil }
    }
  }

  /// The nodes that go with a path that can be removed, its junction apart.
  public func nodes(on path: GraphPath) -> [Node] {
    var shapes = self
    shapes.parameters = [:]
    guard let left = try? shapes.removing(path).graph else { return [] }
    return nodes.filter { $0.name != path.junction && left.node(named: $0.name) == nil }
  }

  /// The graph without a path: without the value that it ends in, all that is tied to it, and all that serves it alone.
  ///
  /// The result computes what this graph does when every layer that mixes channels ignores those of the path. A junction
  /// of which one path is left goes too.
  ///
  /// Throws `GraphError.channels` where channels of the path must stay, and where it is the last of a junction.
  public func removing(_ path: GraphPath) throws(GraphError) -> Rewrite {
    guard let shape = shape(of: path.value) else {
      throw .unknownValue(
        node: "removed path", value: path.value,
        suggestion: Spelling.nearest(to: path.value, among: nodes.map(\.name)))
    }
    let kept = try keptChannels(without: [path.value: Set(0..<shape[1])])
    if let node = nodes.first(where: { node in
      kept[node.name]?.isEmpty == true && node.inputs.contains { kept[$0]?.isEmpty == false }
    }) {
      throw .channels(value: node.name, reason: "none would be left, though not all that it reads goes")
    }
    if kept[path.junction]?.isEmpty == true {
      throw .channels(value: path.junction, reason: "the path is the last that meets there")
    }
    return try keeping(kept)
  }
}
