import Ops

extension MaxPool: ONNXNodeWriter {
  func write(_ node: ONNXNodeContext, to file: inout ONNXGraphWriter) {
    file.add("MaxPool", node.inputs, node.output, window.attributes)
  }
}

extension AveragePool: ONNXNodeWriter {
  func write(_ node: ONNXNodeContext, to file: inout ONNXGraphWriter) {
    file.add(
      "AveragePool", node.inputs, node.output,
      window.attributes + [.int("count_include_pad", countsPadding ? 1 : 0)])
  }
}

extension GlobalAveragePool: ONNXNodeWriter {
  func write(_ node: ONNXNodeContext, to file: inout ONNXGraphWriter) {
    file.add("GlobalAveragePool", node.inputs, node.output)
  }
}
