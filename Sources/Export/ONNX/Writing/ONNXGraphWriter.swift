/// The nodes and stored tensors of a file in the making, with names that are all different.
struct ONNXGraphWriter {
  /// What was written so far.
  private(set) var graph = ONNXGraphProto()
  private var names: Set<String>

  /// A graph without nodes; `reserved` are names that intermediate values may not take.
  init(reserved: Set<String>) { names = reserved }

  /// Adds a node of one output, whose name it takes; gives back the output.
  @discardableResult
  mutating func add(
    _ type: String, _ inputs: [String], _ output: String, _ attributes: [ONNXAttributeProto] = []
  ) -> String {
    var node = ONNXNodeProto()
    node.opType = type
    node.name = output
    node.input = inputs
    node.output = [output]
    node.attribute = attributes
    graph.node.append(node)
    return output
  }

  /// Stores a tensor; gives back its name.
  mutating func store(_ tensor: ONNXTensorProto) -> String {
    graph.initializer.append(tensor)
    return tensor.name
  }

  /// Stores whole numbers on one axis under a new name.
  mutating func integers(_ name: String, _ values: [Int]) -> String {
    store(ONNXTensorProto(name: fresh(name), integers: values, dims: [values.count]))
  }

  /// Stores numbers on one axis under a new name.
  mutating func floats(_ name: String, _ values: [Float]) -> String {
    store(ONNXTensorProto(name: fresh(name), floats: values, dims: [values.count]))
  }

  /// Stores one number under a new name.
  mutating func scalar(_ name: String, _ value: Float) -> String {
    store(ONNXTensorProto(name: fresh(name), floats: [value], dims: []))
  }

  /// A name that nothing has yet, this one if possible.
  mutating func fresh(_ name: String) -> String {
    var name = name
    while !names.insert(name).inserted { name += "_" }
    return name
  }

  /// Declares what comes in and what goes out, each with the shape of an item; the batch is free.
  mutating func declare(name: String, inputs: [(String, [Int])], outputs: [(String, [Int])]) {
    graph.name = name
    graph.input = inputs.map { Self.value($0.0, $0.1) }
    graph.output = outputs.map { Self.value($0.0, $0.1) }
  }

  private static func value(_ name: String, _ shape: [Int]) -> ONNXValueInfoProto {
    var batch = ONNXTensorShapeProto.Dimension()
    batch.dimParam = "batch"
    var value = ONNXValueInfoProto()
    value.name = name
    value.type.tensorType.elemType = Int32(ONNXTensorProto.DataType.float.rawValue)
    value.type.tensorType.shape.dim =
      [batch]
      + shape.map { extent in
        var dimension = ONNXTensorShapeProto.Dimension()
        dimension.dimValue = Int64(extent)
        return dimension
      }
    return value
  }
}
