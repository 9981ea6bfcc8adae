/// Rewrites nodes on integers as floating-point operators between `DequantizeLinear` and `QuantizeLinear`.
///
/// `QLinearConv`, for example, becomes a convolution between the two. Readers then need to know one form
/// only.
struct ONNXExpansion {
  /// The nodes in the order of the file.
  private(set) var nodes: [ONNXNodeProto] = []
  /// The stored tensors, with those that were added.
  private(set) var tensors: [String: ONNXTensorProto]
  /// True if values are quantized by their own range when they are computed.
  private(set) var isDynamic = false
  private let decoder: ONNXTensorDecoder
  private var names: Set<String>
  /// The names of scale and zero point, by the name of the integers.
  private var grids: [String: [String]] = [:]
  /// The values that `DynamicQuantizeLinear` makes.
  private var dynamic: Set<String> = []

  /// The operators that only move numbers.
  private static let moving: Set<String> = [
    "MaxPool", "GlobalMaxPool", "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Slice", "Split",
    "Identity", "Dropout", "Resize",
  ]

  /// Operators of one value with a grid on each side, and their floating-point forms.
  private static let maps = [
    "com.microsoft.QLinearSigmoid": "Sigmoid", "com.microsoft.QLinearLeakyRelu": "LeakyRelu",
    "com.microsoft.QLinearAveragePool": "AveragePool", "com.microsoft.QLinearReduceMean": "ReduceMean",
    "com.microsoft.QLinearGlobalAveragePool": "GlobalAveragePool", "com.microsoft.QLinearSoftmax": "Softmax",
  ]

  /// Rewrites nodes, each of which stands after those that it reads.
  init(_ all: [ONNXNodeProto], tensors: [String: ONNXTensorProto], decoder: ONNXTensorDecoder) {
    self.tensors = tensors
    self.decoder = decoder
    names = Set(tensors.keys).union(all.flatMap { $0.input + $0.output })
    for node in all { expand(node) }
  }

  private mutating func expand(_ node: ONNXNodeProto) {
    let type = ONNXNode(node, opset: 0).fullType
    switch type {
    case "QuantizeLinear":
      if let output = node.output.first { grids[output] = Array(node.input.dropFirst()) }
      nodes.append(node)
    case "DynamicQuantizeLinear": expandDynamic(node)
    case "MatMulInteger", "ConvInteger": expandIntegerProduct(node)
    case "QLinearConv": expandProduct(node, "Conv", axis: 0, output: 6, bias: 8)
    case "QLinearMatMul": expandProduct(node, "MatMul", axis: 1, output: 6, bias: nil)
    case "com.microsoft.QGemm":
      let isTransposed = node.attribute.contains { $0.name == "transB" && $0.i != 0 }
      expandProduct(node, "Gemm", axis: isTransposed ? 0 : 1, output: 7, bias: 6)
    case "com.microsoft.QLinearAdd", "com.microsoft.QLinearMul":
      let inputs = [0, 3].map { dequantized(node, $0) }
      quantize(node, 6, [add(node, type.hasSuffix("Add") ? "Add" : "Mul", inputs, node.attribute)])
    case "com.microsoft.QLinearConcat":
      let inputs = stride(from: 2, to: node.input.count, by: 3).map { dequantized(node, $0) }
      quantize(node, 0, [add(node, "Concat", inputs, node.attribute)])
    default:
      if let map = Self.maps[type] {
        expandMap(node, map)
      } else if Self.moving.contains(type), let grid = node.input.first.flatMap({ grids[$0] }) {
        expandMove(node, grid)
      } else {
        nodes.append(node)
      }
    }
  }

  /// Passes on the floats, under the name of their integers and with a grid of step one.
  private mutating func expandDynamic(_ node: ONNXNodeProto) {
    guard node.output.count == 3, node.output.allSatisfy({ !$0.isEmpty }) else { return nodes.append(node) }
    isDynamic = true
    dynamic.insert(node.output[0])
    append(node, "Identity", [node.input.first ?? ""], [node.output[0]])
    tensors[node.output[1]] = ONNXTensorProto(name: node.output[1], floats: [1], dims: [])
    tensors[node.output[2]] = ONNXTensorProto(
      name: node.output[2], integers: [0], type: .uint8, dims: [])
  }

  /// The product of floats and of dequantized integers; the scale of the integers is multiplied by a later
  /// node.
  private mutating func expandIntegerProduct(_ node: ONNXNodeProto) {
    guard node.input.count >= 2, dynamic.contains(node.input[0]) else { return nodes.append(node) }
    let one = store("one") { ONNXTensorProto(name: $0, floats: [1], dims: []) }
    let zero = node.input.count > 3 && !node.input[3].isEmpty ? [node.input[3]] : []
    let weight = add(node, "DequantizeLinear", [node.input[1], one] + zero, [.int("axis", 0)])
    let type = node.opType == "ConvInteger" ? "Conv" : "MatMul"
    append(node, type, [node.input[0], weight], node.output, node.attribute)
  }

  /// A product with quantized weights, whose bias is integers in steps of the product of both scales.
  private mutating func expandProduct(
    _ node: ONNXNodeProto, _ type: String, axis: Int, output: Int, bias: Int?
  ) {
    var inputs = [dequantized(node, 0), dequantized(node, 3, axis: axis)]
    if let bias, bias < node.input.count, !node.input[bias].isEmpty {
      guard let scales = biasScales(node) else { return nodes.append(node) }
      let scale = store("bias.scale") { ONNXTensorProto(name: $0, floats: scales, dims: [scales.count]) }
      let isOne = scales.count == 1
      inputs.append(
        add(
          node, "DequantizeLinear", [node.input[bias], isOne ? self.scalar(scales[0]) : scale],
          [.int("axis", 0)]))
    }
    let result = add(node, type, inputs, node.attribute)
    guard output < node.input.count, !node.input[output].isEmpty else {
      return append(node, "Identity", [result], node.output)
    }
    quantize(node, output, [result])
  }

  private func biasScales(_ node: ONNXNodeProto) -> [Float]? {
    guard node.input.count > 4, let first = floats(node.input[1]), let second = floats(node.input[4]),
      first.count == 1
    else { return nil }
    let alpha = node.attribute.first { $0.name == "alpha" }?.f ?? 1
    return second.map { Float(Double(first[0]) * Double($0) * Double(alpha)) }
  }

  private func floats(_ name: String) -> [Float]? {
    guard let tensor = tensors[name] else { return nil }
    return try? decoder.constant(tensor).floats
  }

  /// An operator of a value, its grid and the grid of the result.
  private mutating func expandMap(_ node: ONNXNodeProto, _ type: String) {
    let isLast = node.attribute.contains { $0.name == "channels_last" && $0.i != 0 }
    guard !isLast else { return nodes.append(node) }
    let attributes = node.attribute.filter { $0.name != "channels_last" && $0.name != "opset" }
    quantize(node, 3, [add(node, type, [dequantized(node, 0)], attributes)])
  }

  private mutating func expandMove(_ node: ONNXNodeProto, _ grid: [String]) {
    let source = fresh(node.input[0])
    append(node, "DequantizeLinear", [node.input[0]] + grid, [source])
    let results = node.output.map { $0.isEmpty ? "" : fresh($0) }
    append(node, node.opType, [source] + node.input.dropFirst(), results, node.attribute)
    for (result, output) in zip(results, node.output) where !output.isEmpty {
      append(node, "QuantizeLinear", [result] + grid, [output])
      grids[output] = grid
    }
  }

  // MARK: Parts

  /// The dequantized input at a position, which its scale and zero point follow.
  private mutating func dequantized(_ node: ONNXNodeProto, _ position: Int, axis: Int? = nil) -> String {
    let inputs = (position..<position + 3).map { $0 < node.input.count ? node.input[$0] : "" }
    return add(node, "DequantizeLinear", inputs, axis.map { [.int("axis", $0)] } ?? [])
  }

  /// Quantizes the node's output with the scale and zero point at a position.
  private mutating func quantize(_ node: ONNXNodeProto, _ position: Int, _ values: [String]) {
    let grid = Array(node.input.dropFirst(position).prefix(2))
    append(node, "QuantizeLinear", values + grid, node.output)
    if let output = node.output.first { grids[output] = grid }
  }

  private mutating func add(
    _ node: ONNXNodeProto, _ type: String, _ inputs: [String], _ attributes: [ONNXAttributeProto]
  ) -> String {
    let output = fresh("\(node.output.first ?? node.name).\(type)")
    append(node, type, inputs, [output], attributes)
    return output
  }

  private mutating func append(
    _ node: ONNXNodeProto, _ type: String, _ inputs: [String], _ outputs: [String],
    _ attributes: [ONNXAttributeProto] = []
  ) {
    var made = ONNXNodeProto()
    made.name = node.name.isEmpty ? node.output.first ?? "" : node.name
    made.opType = type
    made.input = inputs
    made.output = outputs
    made.attribute = attributes
    nodes.append(made)
  }

  private mutating func scalar(_ value: Float) -> String {
    store("scale") { ONNXTensorProto(name: $0, floats: [value], dims: []) }
  }

  private mutating func store(_ name: String, _ tensor: (String) -> ONNXTensorProto) -> String {
    let name = fresh(name)
    tensors[name] = tensor(name)
    return name
  }

  private mutating func fresh(_ name: String) -> String {
    var name = name + "'"
    while !names.insert(name).inserted { name += "'" }
    return name
  }
}
