import Execution
import Graphs
import Tensors

/// The context in which an op is lowered: its node, its inputs, and the name of its result.
struct Site {
  let node: Node
  let inputs: [Value]
  /// The shape of the result.
  let shape: Shape
  /// The name of the result: that of a fused ReLU or sum, else the node's.
  let result: String
  /// True if a ReLU follows that is made part of this op.
  let fusesReLU: Bool

  /// The value that is added to the result before the ReLU, if a sum is fused.
  var residual: Value?

  var name: String { node.name }
  /// The first input.
  var input: Value { inputs[0] }
}

/// An op that oneDNN computes natively; any other runs its reference kernel.
protocol DNNLOp: Op {
  /// Appends the calls of the forward pass, defines the result, and tapes the calls of the backward pass.
  ///
  /// False if these settings have no native path.
  func lower(_ site: Site, _ builder: PlanBuilder) throws(ExecutionError) -> Bool
  /// True if the native path can apply a ReLU to an output of this shape, and its gradient.
  static func fusesReLU(_ output: Shape) -> Bool
}

extension DNNLOp {
  /// False: no ReLU is fused.
  static func fusesReLU(_ output: Shape) -> Bool { false }
}
