import Settings
public import Tensors

/// A value that comes from outside: its name and its shape without the batch, such as `[3, 32, 32]`.
public struct GraphInput: Sendable, Hashable {
  /// The value's name, usually `image`.
  public let name: String
  /// The extents of one item.
  public let shape: Shape

  /// Makes an input.
  public init(name: String, shape: Shape) {
    self.name = name
    self.shape = shape
  }
}

/// One step of a graph: an op, the values it reads, and the name of the value it makes.
public struct Node: Sendable, Hashable {
  /// The name of the node and of its output value.
  public let name: String
  /// The computation.
  public let op: any Op
  /// The values it reads.
  public let inputs: [String]

  /// Makes a node.
  public init(name: String, op: any Op, inputs: [String]) {
    self.name = name
    self.op = op
    self.inputs = inputs
  }

  private var identity: String {
    "\(name) \(inputs) \(op.kind) \(op.settingsNode.canonicalJSON)"
  }

  /// Equal when name, inputs, kind and canonical settings are.
  public static func == (a: Node, b: Node) -> Bool { a.identity == b.identity }
  /// Hashes name, inputs, kind and canonical settings.
  public func hash(into hasher: inout Hasher) { hasher.combine(identity) }
}

/// A stored tensor of a graph.
public struct Parameter: Sendable, Equatable {
  /// The values in 32-bit floats: the master that training changes.
  public var value: Tensor
  /// The representation, which decides the values that the parameter can take.
  public var encoding: any Encoding

  /// Makes a parameter.
  public init(_ value: Tensor, encoding: any Encoding = Dense()) {
    self.value = value
    self.encoding = encoding
  }

  /// The values that kernels compute with.
  public var projected: Tensor {
    var tensor = value
    var span = tensor.values.mutableSpan
    encoding.project(&span, shape: value.shape)
    return tensor
  }

  /// The slice with its encoding: `kept` holds the ascending indices of each axis that is not whole.
  public func sliced(_ kept: [Int: [Int]]) -> Parameter {
    var tensor = value
    for (axis, indices) in kept.sorted(by: { $0.key < $1.key }) {
      tensor = tensor.gathering(indices, axis: axis)
    }
    return Parameter(tensor, encoding: encoding.sliced(kept, shape: value.shape))
  }

  /// Equal if values and encodings are.
  public static func == (a: Parameter, b: Parameter) -> Bool {
    a.value == b.value && a.encoding.isEqual(to: b.encoding)
  }
}

/// A network as a value: nodes in topological order, every value named, parameters beside them.
///
///     var graph = Graph(inputs: [GraphInput(name: "image", shape: [1, 28, 28])])
///     try graph.append(Conv2D(filters: 20, kernel: 5), name: "conv1", inputs: ["image"])
///     try graph.append(ReLU(), name: "relu1", inputs: ["conv1"])
///     graph.outputs = ["relu1"]
///     graph.initializeParameters(seed: 0)
///
/// Invariants: names are unique, a node reads only earlier values, every shape checks. Parameters are keyed
/// `node.role`. Rewrites are functions from graph to graph.
public struct Graph: Sendable, Equatable {
  /// The largest value a graph may hold, in elements for a batch of one: a bound on hostile files.
  public static let maximumElements = 1 << 30

  /// The values that come from outside.
  public let inputs: [GraphInput]
  /// The steps, in topological order.
  public private(set) var nodes: [Node] = []
  /// The values that the graph is computed for; the first is the prediction (logits).
  public var outputs: [String] = []
  /// The stored tensors by `node.role`.
  public var parameters: [String: Parameter] = [:]
  /// The encodings of values on a device, by name; values without one are real numbers.
  public var values: [String: any ValueEncoding] = [:]
  /// The shape of every value for a batch of one.
  private var shapes: [String: Shape]
  /// Multiply-adds of one image.
  public private(set) var multiplyAdds = 0

  /// Equal if inputs, nodes, outputs, parameters and the encodings of values are.
  public static func == (a: Graph, b: Graph) -> Bool {
    a.inputs == b.inputs && a.nodes == b.nodes && a.outputs == b.outputs && a.parameters == b.parameters
      && a.values.count == b.values.count
      && a.values.allSatisfy { name, encoding in b.values[name].map(encoding.isEqual(to:)) ?? false }
  }

  /// A graph without nodes.
  public init(inputs: [GraphInput]) {
    self.inputs = inputs
    shapes = Dictionary(
      inputs.map { ($0.name, Shape([1] + $0.shape.dimensions)) }, uniquingKeysWith: { first, _ in first })
  }

  /// Appends a node after checking its name, inputs and shapes; returns the name of its value.
  @discardableResult
  public mutating func append(_ op: any Op, name: String, inputs: [String]) throws(GraphError) -> String {
    guard shapes[name] == nil else { throw .duplicateName(name) }
    var inputShapes: [Shape] = []
    for value in inputs {
      guard let shape = shapes[value] else {
        throw .unknownValue(
          node: name, value: value, suggestion: Spelling.nearest(to: value, among: shapes.keys.sorted()))
      }
      inputShapes.append(shape)
    }
    do throws(ShapeError) {
      try op.validate()
      for shape in inputShapes {
        guard shape.dimensions.allSatisfy({ $0 > 0 }) else {
          throw ShapeError.empty(op: op.kind, shape: shape)
        }
        guard shape.count(upTo: Self.maximumElements) != nil else {
          throw ShapeError.tooLarge(op: op.kind, shape: shape)
        }
      }
      let shape = try op.outputShape(inputShapes)
      guard shape.count(upTo: Self.maximumElements) != nil else {
        throw ShapeError.tooLarge(op: op.kind, shape: shape)
      }
      for slot in op.parameters(inputShapes) where slot.shape.count(upTo: Self.maximumElements) == nil {
        throw ShapeError.tooLarge(op: op.kind, shape: slot.shape)
      }
      let cost = op.cost(inputShapes, output: shape).multiplyAdds
      let (total, overflow) = multiplyAdds.addingReportingOverflow(cost)
      guard !overflow else { throw ShapeError.tooCostly(op: op.kind, multiplyAdds: cost) }
      shapes[name] = shape
      multiplyAdds = total
    } catch {
      throw .shape(node: name, inputs: inputShapes, error)
    }
    nodes.append(Node(name: name, op: op, inputs: inputs))
    return name
  }

  /// The shape of a value for a batch; `nil` for an unknown name.
  public func shape(of value: String, batch: Int = 1) -> Shape? { shapes[value]?.withBatch(batch) }

  /// The node that makes a value; `nil` for inputs and unknown names.
  ///
  /// O(nodes).
  public func node(named name: String) -> Node? { nodes.first { $0.name == name } }

  /// The shapes that a node reads, for a batch.
  public func inputShapes(of node: Node, batch: Int = 1) -> [Shape] {
    node.inputs.compactMap { shapes[$0]?.withBatch(batch) }
  }

  /// The parameters that a node owns: their full names and slots.
  ///
  /// The numbers of a learned grid come last.
  public func slots(of node: Node) -> [(name: String, slot: ParameterSlot)] {
    let own = kernelSlots(of: node)
    let grids = own.compactMap { name, slot in
      (parameters[name]?.encoding as? any LearnedGrid)?.gridSlot(slot.shape)
    }
    return own + grids.map { ($0.role.name(of: node.name), $0) }
  }

  /// The parameters that a node's kernels receive: all but the numbers of a learned grid.
  public func kernelSlots(of node: Node) -> [(name: String, slot: ParameterSlot)] {
    node.op.parameters(inputShapes(of: node)).map { ($0.role.name(of: node.name), $0) }
  }

  /// Initializes every parameter from a random stream that is keyed by seed and name.
  ///
  /// Adding a node therefore changes the start of no other.
  public mutating func initializeParameters(seed: UInt64) {
    for node in nodes {
      for (name, slot) in slots(of: node) {
        var random = SeededRandom(seed: seed, purpose: "initialize " + name)
        parameters[name] = Parameter(slot.initializer.tensor(slot.shape, &random))
      }
    }
  }

  /// Checks that outputs exist, and that all parameters are there, of the right shape, finite and in range.
  ///
  /// `append` has checked the rest.
  public func verify() throws(GraphError) {
    guard !outputs.isEmpty else { throw .noOutputs }
    for output in outputs where shapes[output] == nil {
      throw .unknownValue(
        node: "outputs", value: output, suggestion: Spelling.nearest(to: output, among: shapes.keys.sorted()))
    }
    var known: Set<String> = []
    for node in nodes {
      for (name, slot) in slots(of: node) {
        known.insert(name)
        guard let parameter = parameters[name] else { throw .missingParameter(name, expected: slot.shape) }
        guard parameter.value.shape == slot.shape else {
          throw .parameterShape(name, expected: slot.shape, found: parameter.value.shape)
        }
        guard parameter.value.values.allSatisfy(\.isFinite) else { throw .notFinite(parameter: name) }
        guard !slot.isNonNegative || parameter.value.values.allSatisfy({ $0 >= 0 }) else {
          throw .negative(parameter: name)
        }
      }
    }
    if let stray = parameters.keys.filter({ !known.contains($0) }).min() { throw .strayParameter(stray) }
    for (name, encoding) in values.sorted(by: { $0.key < $1.key }) {
      guard shapes[name] != nil else {
        throw .unknownValue(
          node: "value encodings", value: name,
          suggestion: Spelling.nearest(to: name, among: shapes.keys.sorted()))
      }
      if let problem = encoding.problem { throw .valueEncoding(value: name, reason: problem) }
    }
  }

  /// The number of trainable parameters.
  public var parameterCount: Int {
    nodes.reduce(0) { sum, node in
      sum + slots(of: node).filter(\.slot.isTrainable).reduce(0) { $0 + $1.slot.shape.count }
    }
  }

  /// The number of elements of trainable parameters that are not zero by their encoding.
  ///
  /// Of a mask its survivors count, of other encodings all elements, of masters that are no weights none.
  public var nonZeroCount: Int {
    nodes.reduce(0) { sum, node in
      sum
        + slots(of: node).filter(\.slot.isTrainable).reduce(0) { total, slot in
          guard let parameter = parameters[slot.name], parameter.encoding.mastersAreWeights else {
            return total
          }
          let values = parameter.value.values
          return total + parameter.encoding.nonZeroCount(values.span)
        }
    }
  }

  /// The cost of a node for one image.
  public func cost(of node: Node) -> OpCost {
    node.op.cost(inputShapes(of: node), output: shapes[node.name] ?? [])
  }
}
