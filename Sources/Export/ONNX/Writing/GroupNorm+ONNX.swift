import Graphs
import Ops
import Tensors

extension GroupNorm: ONNXNodeWriter {
  /// Writes a norm of pixels as `LayerNormalization` between transpositions to channels last and back.
  ///
  /// A norm of groups becomes an `InstanceNormalization` with a group as a channel, then a factor and a
  /// summand.
  func write(_ node: ONNXNodeContext, to file: inout ONNXGraphWriter) {
    let shape = node.inputShapes[0].dimensions
    let parameters = node.values(.scale, .shift)
    let epsilon = ONNXAttributeProto.float("epsilon", epsilon)
    func add(_ type: String, _ inputs: [String], _ what: String, _ attributes: [ONNXAttributeProto] = [])
      -> String
    {
      file.add(type, inputs, file.fresh("\(node.name)/\(what)"), attributes)
    }
    if span == .pixel, groups == 1 {
      let order = [0] + Array(2..<shape.count) + [1]
      let inverse = [0, shape.count - 1] + Array(1..<shape.count - 1)
      let last = add("Transpose", node.inputs, "last", [.ints("perm", order)])
      let normal = add("LayerNormalization", [last] + parameters, "normal", [.int("axis", -1), epsilon])
      file.add("Transpose", [normal], node.output, [.ints("perm", inverse)])
      return
    }
    let split = file.integers("\(node.name)/split", [0, groups, shape[1] / groups] + shape.dropFirst(2))
    let whole = file.integers("\(node.name)/whole", [0] + shape.dropFirst())
    let grouped = add("Reshape", [node.inputs[0], split], "grouped")
    let ones = file.floats("\(node.name)/ones", Array(repeating: 1, count: groups))
    let zeros = file.floats("\(node.name)/zeros", Array(repeating: 0, count: groups))
    let normal = add("InstanceNormalization", [grouped, ones, zeros], "normal", [epsilon])
    let joined = add("Reshape", [normal, whole], "joined")
    let sides = file.integers("\(node.name)/sides", [-1] + Array(repeating: 1, count: shape.count - 2))
    let scaled = add("Mul", [joined, add("Reshape", [parameters[0], sides], "scale")], "scaled")
    file.add("Add", [scaled, add("Reshape", [parameters[1], sides], "shift")], node.output)
  }
}
