import Graphs
import Ops
import Tasks
import Tensors

/// The end of a classifier: features, and the layers that make the scores of them.
struct ScoreEnd {
  /// The value that the first of the layers reads.
  let features: String
  /// The layers, the first one first, each of which reads the one before.
  let nodes: [Node]
}

extension Graph {
  /// The ends of a classifier from its last vectors, and from its last maps if it reads their means.
  func scoreEnds(of head: Head) -> (vector: ScoreEnd?, maps: ScoreEnd?) {
    guard let features = features(behind: head), let shape = shape(of: features) else { return (nil, nil) }
    var nodes: [Node] = []
    var name = head.value
    while name != features, let node = node(named: name), let input = node.inputs.first {
      nodes.insert(node, at: 0)
      name = input
    }
    let end = ScoreEnd(features: features, nodes: nodes)
    guard shape.rank == 2 else { return (nil, shape.rank == 4 ? end : nil) }
    return (end, maps(before: end))
  }

  /// The same end from the maps whose means it reads; `nil` if it reads something else.
  private func maps(before end: ScoreEnd) -> ScoreEnd? {
    var nodes = end.nodes
    var name = end.features
    while let node = node(named: name), node.inputs.count == 1, let shape = shape(of: node.inputs[0]) {
      nodes.insert(node, at: 0)
      name = node.inputs[0]
      switch node.op {
      case is GlobalAveragePool, is AveragePool:
        let means = self.shape(of: node.name) ?? []
        return means[2] * means[3] == 1 ? ScoreEnd(features: name, nodes: nodes) : nil
      case is Flatten, is Reshape, is Dropout:
        guard shape.rank != 4 || shape[2] * shape[3] == 1 else { return nil }
      default: return nil
      }
    }
    return nil
  }

  /// True if a value cannot be negative, because a rectifier makes it or what it is pooled from.
  func isRectified(_ value: String) -> Bool {
    guard let node = node(named: value) else { return false }
    switch node.op {
    case is ReLU, is ReLU6: return true
    case is Flatten, is Reshape, is Dropout, is GlobalAveragePool, is AveragePool, is MaxPool:
      return node.inputs.first.map(isRectified) ?? false
    default: return false
    }
  }

  /// The names of the nodes from which some values are computed, themselves among them.
  func nodes(before values: [String]) -> Set<String> {
    var needed = Set(values)
    for node in nodes.reversed() where needed.contains(node.name) { needed.formUnion(node.inputs) }
    return needed
  }

  /// The graph with some of its nodes, which must have all that they read, and no outputs.
  func keeping(_ names: Set<String>) throws(GraphError) -> Graph {
    var graph = Graph(inputs: inputs)
    for node in nodes where names.contains(node.name) {
      try graph.append(node.op, name: node.name, inputs: node.inputs)
      for (name, _) in slots(of: node) { graph.parameters[name] = parameters[name] }
    }
    graph.values = values.filter { graph.shape(of: $0.key) != nil }
    return graph
  }
}
