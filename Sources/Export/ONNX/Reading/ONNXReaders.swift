/// The number of nodes in a file that read a value; the network's output counts as one.
struct ONNXReaders: Equatable {
  /// All readers.
  var all = 0
  /// The readers that quantize it.
  var quantizing = 0
  /// The readers that use it unquantized.
  var plain: Int { all - quantizing }

  /// The readers of every name.
  static func counted(_ nodes: [ONNXNode], outputs: [String]) -> [String: ONNXReaders] {
    var readers: [String: ONNXReaders] = [:]
    for output in outputs { readers[output, default: ONNXReaders()].all += 1 }
    for node in nodes {
      for name in Set(node.inputs) { readers[name, default: ONNXReaders()].all += 1 }
      if node.type == "QuantizeLinear", let name = node.input(0) {
        readers[name, default: ONNXReaders()].quantizing += 1
      }
    }
    return readers
  }
}
