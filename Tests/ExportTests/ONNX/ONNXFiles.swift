import SwiftProtobuf

@testable import Export

/// An ONNX file of a few nodes, for tests of the reader.
struct ONNXSample {
  var proto = ONNXModelProto()

  /// Creates a graph from `image` (`[N, 3, 8, 8]`) to `y`.
  init(opset: Int64 = 17) {
    var operators = ONNXOperatorSetIdProto()
    operators.version = opset
    proto.irVersion = 8
    proto.opsetImport = [operators]
    proto.graph.name = "sample"
    proto.graph.input = [Self.value("image", [nil, 3, 8, 8])]
    proto.graph.output = [Self.value("y", [nil, 3])]
  }

  /// Adds a node.
  mutating func add(
    _ type: String, _ inputs: [String], _ outputs: [String], _ attributes: [ONNXAttributeProto] = []
  ) {
    var node = ONNXNodeProto()
    node.opType = type
    node.input = inputs
    node.output = outputs
    node.name = "n\(proto.graph.node.count)"
    node.attribute = attributes
    proto.graph.node.append(node)
  }

  /// Adds a tensor of floats.
  mutating func floats(_ name: String, _ dims: [Int], _ values: [Float]? = nil) {
    let count = dims.reduce(1, *)
    proto.graph.initializer.append(
      ONNXTensorProto(name: name, floats: values ?? (0..<count).map { Float($0 % 7) - 3 }, dims: dims))
  }

  /// Adds a tensor of integers.
  mutating func integers(_ name: String, _ values: [Int]) {
    proto.graph.initializer.append(ONNXTensorProto(name: name, integers: values, dims: [values.count]))
  }

  /// Adds the nodes that end in `y`: the mean of each channel as features.
  mutating func addEnd(from value: String) {
    add("GlobalAveragePool", [value], ["pooled"])
    add("Flatten", ["pooled"], ["y"])
  }

  var bytes: [UInt8] { get throws { try proto.serializedBytes() } }

  static func value(_ name: String, _ shape: [Int64?]) -> ONNXValueInfoProto {
    var value = ONNXValueInfoProto()
    value.name = name
    value.type.tensorType.elemType = 1
    value.type.tensorType.shape.dim = shape.map { extent in
      var dimension = ONNXTensorShapeProto.Dimension()
      if let extent { dimension.dimValue = extent } else { dimension.dimParam = "n" }
      return dimension
    }
    return value
  }
}
