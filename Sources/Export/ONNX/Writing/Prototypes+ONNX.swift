import Graphs
import Ops
import Tensors

extension Prototypes: ONNXNodeWriter {
  /// Writes the negative squared distances minus their maximum, then the exponential.
  ///
  /// A max pooling finds the maximum, as it has the same form in every operator set.
  func write(_ node: ONNXNodeContext, to file: inout ONNXGraphWriter) {
    func add(_ type: String, _ inputs: [String], _ what: String, _ attributes: [ONNXAttributeProto] = [])
      -> String
    {
      file.add(type, inputs, file.fresh("\(node.name)/\(what)"), attributes)
    }
    let axis = file.integers("\(node.name)/axis", [1])
    let last = file.integers("\(node.name)/last", [2])
    let rows = add("Unsqueeze", [node.inputs[0], axis], "row")
    let differences = add("Sub", [rows] + node.values(.prototypes), "differences")
    let squares = add("Mul", [differences, differences], "squares")
    let distances = add("ReduceSum", [squares, last], "distances", [.int("keepdims", 0)])
    let exponents = add("Mul", [distances, file.scalar("\(node.name)/rate", -rate)], "exponents")
    let plane = add("Unsqueeze", [exponents, axis], "plane")
    let nearest = add("Flatten", [add("GlobalMaxPool", [plane], "nearest")], "largest", [.int("axis", 1)])
    file.add("Exp", [add("Sub", [exponents, nearest], "relative")], node.output)
  }
}
