/// How many nodes of a file read a value; being the output counts as one.
struct ONNXReaders: Equatable {
  /// All of them.
  var all = 0
  /// Those that put it on an integer grid.
  var quantizing = 0
  /// Those that read it as it is.
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
