import Graphs
import Tensors

/// A layer that, with others, replaces a layer.
struct NewLayer {
  let op: any Op
  /// The name of the layer and its value; the last layer of a replacement bears the name of the layer
  /// replaced.
  let name: String
  let inputs: [String]
  /// The parameters that it starts with, by role; roles that are missing start fresh.
  var parameters: [ParameterRole: Tensor] = [:]
}

extension Graph {
  /// The graph with some nodes replaced by layers, the last of which makes the node's value.
  ///
  /// Parameters of nodes that stay, and biases that a replacement takes over unchanged, have an origin. Fresh
  /// parameters come from streams keyed by `key` and their names, so one more replacement changes no other.
  func replacing(_ replacements: [String: [NewLayer]], key: UInt64) throws(GraphError) -> Rewrite {
    var graph = Graph(inputs: inputs)
    var origin: [String: Origin] = [:]
    for node in nodes {
      if let layers = replacements[node.name] {
        for layer in layers { try graph.append(layer, key: key) }
        let bias = ParameterRole.bias.name(of: node.name)
        if let kept = parameters[bias], graph.parameters[bias] == kept {
          origin[bias] = Origin(parameter: bias)
        }
      } else {
        try graph.append(node.op, name: node.name, inputs: node.inputs)
        for (name, _) in slots(of: node) {
          graph.parameters[name] = parameters[name]
          origin[name] = Origin(parameter: name)
        }
      }
    }
    graph.outputs = outputs
    graph.values = values
    return Rewrite(graph: graph, origin: origin)
  }

  /// Adds a layer with its parameters.
  private mutating func append(_ layer: NewLayer, key: UInt64) throws(GraphError) {
    try append(layer.op, name: layer.name, inputs: layer.inputs)
    guard let node = nodes.last else { return }
    for (name, slot) in slots(of: node) {
      var random = SeededRandom(seed: key, purpose: "initialize " + name)
      parameters[name] = Parameter(
        layer.parameters[slot.role] ?? slot.initializer.tensor(slot.shape, &random))
    }
  }

  /// `node.part`, with a number behind it if a value of that name exists.
  func unusedName(_ node: String, _ part: String) -> String {
    let name = "\(node).\(part)"
    var candidate = name
    var number = 2
    while shape(of: candidate) != nil {
      candidate = name + "\(number)"
      number += 1
    }
    return candidate
  }

  /// A node's parameter as kernels see it; `nil` if the node has no such role.
  func projected(_ node: Node, _ role: ParameterRole) -> Tensor? { self[role, of: node.name]?.projected }

  /// A node's weight as kernels see it.
  func weight(of node: Node) throws(GraphError) -> Tensor {
    try parameter(.weight, of: node).projected
  }

  /// The number of trainable parameters of a node.
  func parameterCount(of node: Node) -> Int {
    slots(of: node).filter(\.slot.isTrainable).reduce(0) { $0 + $1.slot.shape.count }
  }
}
