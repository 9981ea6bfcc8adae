import Encodings
import Graphs
import Tensors

/// Makes values and steps from a graph's nodes, one after another.
struct IntegerProgramBuilder {
  private(set) var values: [IntegerProgram.Value] = []
  private(set) var steps: [IntegerProgram.Step] = []
  /// The position in `values` of each value of the graph, by name; a fused clamp shares that of its input.
  private(set) var positions: [String: Int] = [:]
  private let graph: Graph
  private let places: [String: ValuePlace]

  init(_ graph: Graph) {
    self.graph = graph
    places = graph.valuePlaces()
  }

  /// Appends an input of the network.
  mutating func append(_ input: GraphInput) throws(ExecutionError) {
    positions[input.name] = values.count
    values.append(try value(input.name, shape: input.shape, encoding: graph.values[input.name]))
  }

  /// Appends the step of a node.
  ///
  /// A node has no step if it is fused into its input's, or if nothing is left to compute.
  mutating func append(_ node: Node) throws(ExecutionError) {
    guard positions[node.name] == nil else { return }
    if node.op.valueFlow == .vanishing { return try appendAlias(node) }
    if node.op is any IntegerHostOp, !(node.op is any IntegerLowering) { return try appendHostOp(node) }
    guard let op = node.op as? any IntegerLowering else { throw .withoutIntegerKernel(node) }
    let clamp = fusedClamp(of: node)
    let output = try output(of: node, clamp: clamp?.node)
    var bounds = output.bounds
    if let clamp {
      bounds = output.integer(clamp.op.bounds.lowerBound)...output.integer(clamp.op.bounds.upperBound)
    }
    let inputs = node.inputs.map(position)
    let frame = IntegerFrame(
      inputs: inputs.map { values[$0] }, output: output, bounds: bounds, parameters: parameters(of: node))
    let step: IntegerProgram.Step
    do throws(IntegerRefusal) {
      let kernel = try op.integerKernel(frame)
      step = IntegerProgram.Step(node: node.name, inputs: inputs, output: values.count, kernel: kernel)
    } catch {
      throw .unsupported(node: node.name, reason: error.reason)
    }
    positions[node.name] = values.count
    if let clamp { positions[clamp.node.name] = values.count }
    values.append(output)
    steps.append(step)
  }

  /// The position of a value that an earlier node or an input of the graph made.
  private func position(of value: String) -> Int {
    guard let position = positions[value] else { preconditionFailure("\(value) is read before it is made") }
    return position
  }

  private func parameters(of node: Node) -> [ParameterRole: Parameter] {
    var parameters: [ParameterRole: Parameter] = [:]
    for (name, slot) in graph.slots(of: node) { parameters[slot.role] = graph.parameters[name] }
    return parameters
  }

  /// The clamp that is fused into a node: its only reader, unless the value between has an encoding.
  private func fusedClamp(of node: Node) -> (node: Node, op: any IntegerClamp)? {
    guard case .fused(let name) = places[node.name], graph.values[node.name] == nil,
      let reader = graph.node(named: name), let op = reader.op as? any IntegerClamp
    else { return nil }
    return (reader, op)
  }

  /// The value that a step writes; an op that moves numbers passes on the encoding of its input.
  private func output(of node: Node, clamp: Node?) throws(ExecutionError) -> IntegerProgram.Value {
    let name = clamp?.name ?? node.name
    let shape = Shape(Array((graph.shape(of: name) ?? []).dimensions.dropFirst()))
    guard node.op.valueFlow == .moving else {
      return try value(name, shape: shape, encoding: graph.values[name])
    }
    let source = values[position(of: node.inputs[0])]
    try requireAlike(node, source)
    return IntegerProgram.Value(
      name: name, shape: shape, scale: source.scale, zeroPoint: source.zeroPoint, bounds: source.bounds)
  }

  /// Gives a node that vanishes, such as a dropout, the position of its input.
  private mutating func appendAlias(_ node: Node) throws(ExecutionError) {
    let position = position(of: node.inputs[0])
    try requireAlike(node, values[position])
    positions[node.name] = position
  }

  /// Leaves a node to the host, which computes it from the program's output.
  private mutating func appendHostOp(_ node: Node) throws(ExecutionError) {
    if let reader = graph.nodes.first(where: { $0.inputs.contains(node.name) }) {
      throw .readHostOp(node, reader: reader)
    }
    positions[node.name] = position(of: node.inputs[0])
  }

  /// Refuses an encoding of a node that differs from that of its input, whose numbers it passes on.
  private func requireAlike(_ node: Node, _ source: IntegerProgram.Value) throws(ExecutionError) {
    guard let own = graph.values[node.name] else { return }
    let encoding = try integerEncoding(node.name, own)
    guard encoding.scale == source.scale, encoding.zeroPoint == Int(source.zeroPoint),
      encoding.integers == Int(source.bounds.lowerBound)...Int(source.bounds.upperBound)
    else {
      throw .unsupported(
        node: node.name, reason: "its encoding differs from that of \(source.name), whose numbers it hands on"
      )
    }
  }

  private func value(
    _ name: String, shape: Shape, encoding: (any ValueEncoding)?
  ) throws(ExecutionError) -> IntegerProgram.Value {
    guard let encoding else {
      throw .unsupported(node: name, reason: "its values are real; quantize the whole network")
    }
    let integer = try integerEncoding(name, encoding)
    return IntegerProgram.Value(
      name: name, shape: shape, scale: integer.scale, zeroPoint: Int32(integer.zeroPoint),
      bounds: Int32(integer.integers.lowerBound)...Int32(integer.integers.upperBound))
  }

  private func integerEncoding(
    _ name: String, _ encoding: any ValueEncoding
  ) throws(ExecutionError) -> IntegerValue {
    guard let integer = encoding as? IntegerValue else {
      throw .unsupported(node: name, reason: "its values are stored as \(encoding.kind), not as integers")
    }
    guard integer.bits <= 8 else {
      throw .unsupported(node: name, reason: "its values have \(integer.bits) bits, more than 8")
    }
    return integer
  }
}
