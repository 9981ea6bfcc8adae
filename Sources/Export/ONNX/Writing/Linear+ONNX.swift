import Graphs
import Ops

extension Linear: ONNXNodeWriter {
  func write(_ node: ONNXNodeContext, to file: inout ONNXGraphWriter) {
    file.add("Gemm", node.inputs + node.values(.weight, .bias), node.output, [.int("transB", 1)])
  }
}
