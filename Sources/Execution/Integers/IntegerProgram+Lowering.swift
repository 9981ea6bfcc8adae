public import Graphs

extension IntegerProgram {
  /// The program of a network whose stored values all have an integer encoding of eight bits or less.
  ///
  /// Throws `ExecutionError.unsupported` with the node's name and the reason: for values and weights that are
  /// real or wider than eight bits, for ops without an integer kernel, and if a sum could leave ±2³⁰. A
  /// softmax at the network's end is left to the host: the program's output is the softmax's input.
  public init(_ graph: Graph) throws(ExecutionError) {
    do throws(GraphError) { try graph.verify() } catch { throw .invalidGraph(error) }
    var builder = IntegerProgramBuilder(graph)
    for input in graph.inputs { try builder.append(input) }
    for node in graph.nodes { try builder.append(node) }
    self.init(
      values: builder.values, inputs: Array(graph.inputs.indices),
      outputs: graph.outputs.compactMap { builder.positions[$0] }, steps: builder.steps)
  }

  /// The reason for which no quantization could make a program of a network, judged by its ops alone.
  ///
  /// It can be asked before any training. `nil` if every op has an integer kernel or needs none.
  public static func refusal(of graph: Graph) -> ExecutionError? {
    for node in graph.nodes where node.op.valueFlow != .vanishing && !(node.op is any IntegerLowering) {
      guard node.op is any IntegerHostOp else { return .withoutIntegerKernel(node) }
      if let reader = graph.nodes.first(where: { $0.inputs.contains(node.name) }) {
        return .readHostOp(node, reader: reader)
      }
    }
    return nil
  }

  /// All nodes that no quantization could give a kernel, in the graph's order, with the reasons.
  public static func refusals(of graph: Graph) -> [(node: Node, reason: String)] {
    graph.nodes.compactMap { node in
      guard node.op.valueFlow != .vanishing, !(node.op is any IntegerLowering) else { return nil }
      guard node.op is any IntegerHostOp else { return (node, "\(node.op.kind) has no integer kernel") }
      let reader = graph.nodes.first { $0.inputs.contains(node.name) }
      return reader.map {
        (node, "\(node.op.kind) is left to the host and must come last, but \($0.name) reads it")
      }
    }
  }
}

extension ExecutionError {
  /// The error for an op without an integer kernel.
  static func withoutIntegerKernel(_ node: Node) -> ExecutionError {
    .unsupported(node: node.name, reason: "\(node.op.kind) has no integer kernel")
  }

  /// The error for a host op, such as a softmax, that another node reads.
  static func readHostOp(_ node: Node, reader: Node) -> ExecutionError {
    .unsupported(
      node: node.name,
      reason: "\(node.op.kind) is left to the host and must come last, but \(reader.name) reads it")
  }
}
