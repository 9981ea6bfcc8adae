import Graphs
import Ops

extension Graph {
  /// The same network for a training that runs each batch twice.
  ///
  /// Its running statistics follow a batch that is run twice as these follow it once.
  func runTwice() throws(GraphError) -> Graph {
    var graph = Graph(inputs: inputs)
    for node in nodes {
      var op = node.op
      if var norm = op as? BatchNorm {
        norm.momentum = 1 - (1 - norm.momentum).squareRoot()
        op = norm
      }
      try graph.append(op, name: node.name, inputs: node.inputs)
    }
    (graph.parameters, graph.values, graph.outputs) = (parameters, values, outputs)
    return graph
  }
}
