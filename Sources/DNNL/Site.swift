import Execution
import Graphs
import Tensors

/// Where an op is lowered: its node, what it reads, and the name of what it makes.
struct Site {
  let node: Node
  let inputs: [Value]
  /// The extents of the result.
  let shape: Shape
  /// The name of the result: the ReLU's when one is fused, else the node's.
  let result: String
  /// Whether a ReLU that nobody looks behind follows and is made part of this op.
  let fusesReLU: Bool

  /// What is added to the result before the ReLU, when a sum is made part of this op.
  var residual: Value?

  var name: String { node.name }
  /// The first input.
  var input: Value { inputs[0] }
}

/// An op that oneDNN computes natively; any other runs its reference kernel.
protocol DNNLOp: Op {
  /// Appends the calls of the forward pass, makes the result, and tapes the calls of the backward pass.
  /// False when these settings have no native path.
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool
  /// Whether its native path applies a ReLU that alone reads an output of this shape, with its gradient.
  static func fusesReLU(_ output: Shape) -> Bool
}

extension DNNLOp {
  /// No ReLU is part of it.
  static func fusesReLU(_ output: Shape) -> Bool { false }
}
