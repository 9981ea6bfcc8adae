/// The nodes and stored tensors of a file under construction, with unique names.
struct ONNXGraphWriter {
  /// The graph so far.
  private(set) var graph = ONNXGraphProto()
  private var names: Set<String>

  /// Starts an empty graph; `reserved` are names that intermediate values must not take.
  init(reserved: Set<String>) { names = reserved }

  /// Appends a node with one output, whose name it takes; returns the output.
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

  /// Stores a tensor and returns its name.
  mutating func store(_ tensor: ONNXTensorProto) -> String {
    graph.initializer.append(tensor)
    return tensor.name
  }

  /// Stores integers on one axis under a new name.
  mutating func integers(_ name: String, _ values: [Int]) -> String {
    store(ONNXTensorProto(name: fresh(name), integers: values, dims: [values.count]))
  }

  /// Stores floats on one axis under a new name.
  mutating func floats(_ name: String, _ values: [Float]) -> String {
    store(ONNXTensorProto(name: fresh(name), floats: values, dims: [values.count]))
  }

  /// Stores one float under a new name.
  mutating func scalar(_ name: String, _ value: Float) -> String {
    store(ONNXTensorProto(name: fresh(name), floats: [value], dims: []))
  }

  /// A unique name: the given one, or with underscores appended.
  mutating func fresh(_ name: String) -> String {
    var name = name
    while !names.insert(name).inserted { name += "_" }
    return name
  }

  /// Declares the inputs and outputs, each with the shape for one image; the batch is free.
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
