/// Replaces activations that exporters write as several nodes: GELU and hard swish in operator sets before 20
/// and 14.
struct ONNXFusion {
  /// The nodes; the last one of each pattern has become the operator, and the others are dropped if nothing
  /// reads them.
  private(set) var nodes: [ONNXNodeProto]
  private let tensors: [String: ONNXTensorProto]
  private let decoder: ONNXTensorDecoder
  private var makers: [String: Int] = [:]

  /// A product of values and a number.
  private struct Product {
    var factor: Double = 1
    var values: [String] = []
  }

  /// The largest number of values in a product.
  private static let maximumFactors = 4

  init(_ nodes: [ONNXNodeProto], tensors: [String: ONNXTensorProto], decoder: ONNXTensorDecoder) {
    self.nodes = nodes
    self.tensors = tensors
    self.decoder = decoder
    for (index, node) in nodes.enumerated() {
      for output in node.output { makers[output] = index }
    }
    fuseTreesAndPrototypes()
    guard nodes.contains(where: { ["Erf", "Tanh", "Clip"].contains($0.opType) }) else { return }
    for index in nodes.indices where ["Mul", "Div"].contains(nodes[index].opType) { fuse(index) }
  }

  private mutating func fuse(_ index: Int) {
    guard let output = nodes[index].output.first, let product = product(output, depth: 4),
      (1...2).contains(product.values.count)
    else { return }
    for (place, value) in product.values.enumerated() {
      let other = product.values.count == 2 ? product.values[1 - place] : nil
      if let other, Self.near(product.factor, 0.5) {
        if isDistribution(value, of: other) { return replace(index, "Gelu", [other], []) }
        if isApproximation(value, of: other) {
          return replace(index, "Gelu", [other], [.string("approximate", "tanh")])
        }
      }
      guard Self.near(product.factor, 1.0 / 6), let source = raisedSource(value) else { continue }
      if other == source { return replace(index, "HardSwish", [source], []) }
      if other == nil {
        return replace(index, "HardSigmoid", [source], [.float("alpha", 1 / 6), .float("beta", 0.5)])
      }
    }
  }

  /// Makes a node another operator.
  mutating func replace(
    _ index: Int, _ type: String, _ inputs: [String], _ attributes: [ONNXAttributeProto]
  ) {
    nodes[index].opType = type
    nodes[index].domain = ""
    nodes[index].input = inputs
    nodes[index].attribute = attributes
  }

  /// True if a value is `1 + erf(x/√2)`.
  private func isDistribution(_ value: String, of x: String) -> Bool {
    guard let bent = beside(value, "Add", 1), let node = node(bent, "Erf"), let source = node.input.first,
      let inner = product(source, depth: 2)
    else { return false }
    return Self.near(inner.factor, 0.5.squareRoot()) && inner.values == [x]
  }

  /// True if a value is `1 + tanh(√(2/π) · (x + 0.044715 · x³))`.
  private func isApproximation(_ value: String, of x: String) -> Bool {
    guard let bent = beside(value, "Add", 1), let node = node(bent, "Tanh"), let source = node.input.first,
      let inner = product(source, depth: 2), inner.values.count == 1,
      Self.near(inner.factor, (2 / Double.pi).squareRoot()), let sum = self.node(inner.values[0], "Add"),
      sum.input.count == 2, let other = sum.input.first(where: { $0 != x }), sum.input.contains(x),
      let cube = product(other, depth: 3)
    else { return false }
    return Self.near(cube.factor, 0.044715) && cube.values == [x, x, x]
  }

  /// The x of `min(max(x + 3, 0), 6)`; `nil` for other values.
  private func raisedSource(_ value: String) -> String? {
    guard let node = node(value, "Clip"), let source = node.input.first else { return nil }
    let ends = [("min", 1), ("max", 2)].map { name, position in
      node.input.count > position
        ? scalar(node.input[position]) : node.attribute.first { $0.name == name }.map { Double($0.f) }
    }
    return ends == [0, 6] ? beside(source, "Add", 3) : nil
  }

  /// The other input of a node that combines it with a given number.
  private func beside(_ value: String, _ type: String, _ number: Double) -> String? {
    guard let node = node(value, type), node.input.count == 2 else { return nil }
    if scalar(node.input[0]) == number { return node.input[1] }
    return scalar(node.input[1]) == number ? node.input[0] : nil
  }

  /// The node of a type that makes a value.
  func node(_ value: String, _ type: String) -> ONNXNodeProto? {
    guard let maker = makers[value], nodes[maker].opType == type,
      ONNXNode(nodes[maker], opset: 0).isStandard
    else { return nil }
    return nodes[maker]
  }

  /// A value as a product of numbers and values; `nil` for too many values.
  private func product(_ value: String, depth: Int) -> Product? {
    if let number = scalar(value) { return Product(factor: number) }
    if depth > 0, let node = node(value, "Mul"), node.input.count == 2,
      let first = product(node.input[0], depth: depth - 1),
      let second = product(node.input[1], depth: depth - 1)
    {
      let values = first.values + second.values
      guard values.count <= Self.maximumFactors else { return nil }
      return Product(factor: first.factor * second.factor, values: values)
    }
    if depth > 0, let node = node(value, "Div"), node.input.count == 2, let number = scalar(node.input[1]),
      number != 0, var first = product(node.input[0], depth: depth - 1)
    {
      first.factor /= number
      return first
    }
    if let node = node(value, "Pow"), node.input.count == 2, scalar(node.input[1]) == 3 {
      return Product(values: Array(repeating: node.input[0], count: 3))
    }
    return Product(values: [value])
  }

  /// The elements of a stored tensor.
  func stored(_ name: String) -> ONNXConstant? { tensors[name].flatMap { try? decoder.constant($0) } }

  /// The number that a name stands for.
  func scalar(_ name: String) -> Double? {
    var tensor = tensors[name]
    if tensor == nil, let node = node(name, "Constant") {
      if let number = node.attribute.first(where: { $0.name == "value_float" }) { return Double(number.f) }
      tensor = try? ONNXNode(node, opset: 0).tensor("value")
    }
    guard let tensor, tensor.dims.allSatisfy({ $0 == 1 }), tensor.dims.count <= 4,
      let number = try? decoder.constant(tensor).scalar
    else { return nil }
    return Double(number)
  }

  private static func near(_ found: Double, _ expected: Double) -> Bool {
    abs(found - expected) < 1e-5 * expected
  }
}
