import Graphs
import Tensors

/// A graph in the making, and what is known of the values of the file so far.
struct ONNXNetworkBuilder {
  /// What a name of the file stands for.
  enum Value {
    /// Elements that are known.
    case constant(ONNXConstant)
    /// A value of the graph.
    case made(String)
    /// What the next reader decides on.
    case pending(any ONNXPending)
  }

  /// The graph so far.
  var graph: Graph
  /// The readers of each name of the file.
  let readers: [String: ONNXReaders]
  /// The batch that the file was written for; `nil` where it is free.
  var batch: Int?
  /// What reading changes of the network, in words that follow the file's name.
  var notes: [String] = []
  /// The anchors of values that lay out rows, where the file tells them.
  var anchors: [String: [Float]] = [:]
  /// How many nodes read each value of the graph as it is, under any of the file's names for it.
  private var plainReaders: [String: Int] = [:]
  private var values: [String: Value] = [:]
  private let tensors: [String: ONNXTensorProto]
  private let decoder: ONNXTensorDecoder
  private var refused: Set<String> = []
  private var elementsLeft: Int
  private var externalFiles: Set<String> = []
  private var externalLeft = 0
  private var names: UniqueNames

  /// Begins with the inputs of a graph; `elements` is how many elements of parameters and of what is computed of constants
  /// the file may take.
  init(
    _ graph: Graph, tensors: [String: ONNXTensorProto], decoder: ONNXTensorDecoder,
    readers: [String: ONNXReaders],
    elements: Int
  ) {
    self.graph = graph
    self.tensors = tensors
    self.decoder = decoder
    self.readers = readers
    elementsLeft = elements
    names = UniqueNames(taken: Set(graph.inputs.map(\.name)))
    for input in graph.inputs { name(input.name, input.name) }
  }

  // MARK: What nodes read

  /// What a name stands for; stored tensors are decoded when they are first read.
  mutating func value(_ name: String?) throws(ONNXRefusal) -> Value {
    guard let name else { throw .because("an input is missing") }
    if let value = values[name] { return value }
    if refused.contains(name) { throw .afterAnother }
    guard let tensor = tensors[name] else {
      throw .because("it reads \"\(name)\", which no earlier node makes")
    }
    do throws(ONNXFileProblem) {
      let constant = try storedConstant(tensor)
      values[name] = .constant(constant)
      return .constant(constant)
    } catch {
      throw .because("\(error)")
    }
  }

  /// A stored tensor; of those that lie in other files no more together than twice what these could hold, as any number
  /// of them may say that they lie at one place.
  private mutating func storedConstant(_ tensor: ONNXTensorProto) throws(ONNXFileProblem) -> ONNXConstant {
    let packed = try decoder.packedByteCount(of: tensor)
    guard tensor.dataLocation == .external else {
      let constant = try decoder.constant(tensor)
      // A file has more of these elements than bytes: they become bytes, numbers and a parameter.
      if packed != nil { elementsLeft += 3 * constant.count }
      return constant
    }
    let file = try decoder.external.file(of: tensor)
    let count = try decoder.count(of: tensor)
    if externalFiles.insert(file.path).inserted {
      externalLeft += 2 * min(file.byteCount, Graph.maximumElements)
    }
    guard packed ?? count <= externalLeft else {
      throw .external(
        tensor: tensor.name,
        reason: "its \(count) elements and those before are out of proportion to the size of their files")
    }
    externalLeft -= packed ?? count
    elementsLeft += (packed == nil ? 2 : 3) * count
    return try decoder.constant(tensor)
  }

  /// The graph's value of a name, made now if it was pending.
  mutating func made(_ name: String?) throws(ONNXRefusal) -> String {
    switch try value(name) {
    case .made(let value): return value
    case .constant: throw .because("its input \"\(name ?? "")\" is constant, expected what is computed")
    case .pending(let pending):
      let value = try pending.made(freshName(name ?? ""), in: &self)
      self.name(value, name ?? "")
      return value
    }
  }

  /// The elements of a name; `nil` where they are computed.
  mutating func constant(_ name: String?) throws(ONNXRefusal) -> ONNXConstant? {
    if case .constant(let constant) = try value(name) { return constant }
    return nil
  }

  /// The elements of a name that must be known, such as weights.
  mutating func requireConstant(_ name: String?, _ what: String) throws(ONNXRefusal) -> ONNXConstant {
    guard let constant = try constant(name) else {
      throw .because("its \(what) is computed, expected a constant")
    }
    return constant
  }

  /// The elements of a tensor that stands in a node.
  func decoded(_ tensor: ONNXTensorProto) throws(ONNXRefusal) -> ONNXConstant {
    do throws(ONNXFileProblem) {
      return try decoder.constant(tensor)
    } catch {
      throw .because("\(error)")
    }
  }

  /// The type that a stored tensor has in the file.
  func elementType(of name: String) throws(ONNXRefusal) -> ONNXTensorProto.DataType {
    guard let tensor = tensors[name] else {
      throw .because("\"\(name)\" is computed, expected a stored tensor")
    }
    return ONNXTensorProto.DataType(rawValue: Int(tensor.dataType)) ?? .undefined
  }

  /// What is pending under a name, of a type.
  mutating func pending<P: ONNXPending>(_ name: String?, as type: P.Type) throws(ONNXRefusal) -> P? {
    if case .pending(let pending) = try value(name) { return pending as? P }
    return nil
  }

  /// The shape of a value of the graph for a batch of one.
  func shape(of value: String) -> Shape { graph.shape(of: value) ?? [] }

  // MARK: What nodes make

  /// Says what a name of the file stands for.
  mutating func set(_ name: String, _ value: Value) {
    guard case .made(let made) = value else { return values[name] = value }
    self.name(made, name)
  }

  /// Gives a value that was put on a grid the name of what stands behind the pair; the pair reads the value as no other does.
  mutating func setDequantized(_ name: String, _ value: String) {
    values[name] = .made(value)
    plainReaders[value, default: 0] += readers[name]?.plain ?? 0
  }

  /// How many nodes read a value of the graph as it is, whatever the file calls it.
  func plainReaders(of value: String) -> Int { plainReaders[value] ?? 0 }

  /// Gives a value of the graph one more of the file's names; the node that does so for a value that has one reads it, and
  /// hands it on.
  private mutating func name(_ value: String, _ name: String) {
    values[name] = .made(value)
    plainReaders[value] = (plainReaders[value].map { $0 - 1 } ?? 0) + (readers[name]?.plain ?? 0)
  }

  /// Remembers that the outputs of a node are not made.
  mutating func refuse(_ outputs: [String]) { refused.formUnion(outputs) }

  /// Stores elements that were computed of others, as far as the file's size allows.
  mutating func setConstant(_ name: String, _ constant: ONNXConstant) throws(ONNXRefusal) {
    try take(constant.count)
    values[name] = .constant(constant)
  }

  /// Appends a node under the name of the first output of a file's node, which may have its axes in another order.
  mutating func append(
    _ op: any Op, for node: ONNXNode, inputs: [String], parameters: [ParameterRole: Parameter] = [:],
    view: ONNXView? = nil
  ) throws(ONNXRefusal) {
    let name = try append(op, name: freshName(node.output), inputs: inputs, parameters: parameters)
    guard let view else { return self.name(name, node.output) }
    set(node.output, name, view)
  }

  /// Adds to what is told of the file, once.
  mutating func note(_ words: String) { if !notes.contains(words) { notes.append(words) } }

  /// Appends a node of a name that was made by `freshName`; parameters by role.
  @discardableResult
  mutating func append(
    _ op: any Op, name: String, inputs: [String], parameters: [ParameterRole: Parameter] = [:]
  ) throws(ONNXRefusal) -> String {
    try take(parameters.values.reduce(0) { $0 + $1.value.values.count })
    do throws(GraphError) {
      try graph.append(op, name: name, inputs: inputs)
    } catch {
      throw .graph(error)
    }
    for (role, parameter) in parameters { graph[role, of: name] = parameter }
    return name
  }

  /// A name for the graph: the file's without the marks of exporters, and with a number if it is taken.
  mutating func freshName(_ name: String) -> String { names.fresh(ONNXNames.readable(name)) }

  private mutating func take(_ elements: Int) throws(ONNXRefusal) {
    guard elements <= elementsLeft else {
      throw .because("its \(elements) elements are out of proportion to the size of the file")
    }
    elementsLeft -= elements
  }
}
