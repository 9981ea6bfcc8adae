import Graphs
import Ops

extension BatchNorm: ONNXNodeWriter {
  func write(_ node: ONNXNodeContext, to file: inout ONNXGraphWriter) {
    file.add(
      "BatchNormalization", node.inputs + node.values(.scale, .shift, .mean, .variance), node.output,
      [.float("epsilon", epsilon), .float("momentum", 1 - momentum)])
  }
}
