import Graphs
import Tensors

/// A graph under construction, with the values of the file that are known so far.
struct ONNXNetworkBuilder {
  /// The meaning of a name of the file.
  enum Value {
    /// Known elements.
    case constant(ONNXConstant)
    /// A value of the graph.
    case made(String)
    /// A value whose form depends on its reader.
    case pending(any ONNXPending)
  }

  /// The graph so far.
  var graph: Graph
  /// The readers of each name of the file.
  let readers: [String: ONNXReaders]
  /// The batch that the file was written for; `nil` where it is free.
  var batch: Int?
  /// Changes that reading makes to the network, as text that follows the file's name.
  var notes: [String] = []
  /// The anchors of values that lay out rows, from the file's metadata.
  var anchors: [String: [Float]] = [:]
  /// The number of nodes that read a value of the graph unquantized, under any of its names in the file.
  private var plainReaders: [String: Int] = [:]
  private var values: [String: Value] = [:]
  private let tensors: [String: ONNXTensorProto]
  private let decoder: ONNXTensorDecoder
  private var refused: Set<String> = []
  private var elementsLeft: Int
  private var externalFiles: Set<String> = []
  private var externalLeft = 0
  private var names: UniqueNames

  /// Starts with the inputs of a graph.
  ///
  /// `elements` limits the elements of parameters and of computed constants, so that memory is proportional
  /// to the file.
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

  /// The meaning of a name; stored tensors are decoded when they are first read.
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

  /// Decodes a stored tensor.
  ///
  /// Tensors in other files may together have twice the elements that these files could hold: any number of
  /// tensors may name the same bytes.
  private mutating func storedConstant(_ tensor: ONNXTensorProto) throws(ONNXFileProblem) -> ONNXConstant {
    let packed = try decoder.packedByteCount(of: tensor)
    guard tensor.dataLocation == .external else {
      let constant = try decoder.constant(tensor)
      // A file has more packed elements than bytes; each becomes a byte, a number and a parameter.
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

  /// The graph's value of a name, which is made now if it is pending.
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

  /// The elements of a name that must be known, such as weights; throws for computed values.
  mutating func requireConstant(_ name: String?, _ what: String) throws(ONNXRefusal) -> ONNXConstant {
    guard let constant = try constant(name) else {
      throw .because("its \(what) is computed, expected a constant")
    }
    return constant
  }

  /// The elements of a tensor within a node.
  func decoded(_ tensor: ONNXTensorProto) throws(ONNXRefusal) -> ONNXConstant {
    do throws(ONNXFileProblem) {
      return try decoder.constant(tensor)
    } catch {
      throw .because("\(error)")
    }
  }

  /// The type of a stored tensor in the file.
  func elementType(of name: String) throws(ONNXRefusal) -> ONNXTensorProto.DataType {
    guard let tensor = tensors[name] else {
      throw .because("\"\(name)\" is computed, expected a stored tensor")
    }
    return ONNXTensorProto.DataType(rawValue: Int(tensor.dataType)) ?? .undefined
  }

  /// The pending value of a name, if it has a type; else `nil`.
  mutating func pending<P: ONNXPending>(_ name: String?, as type: P.Type) throws(ONNXRefusal) -> P? {
    if case .pending(let pending) = try value(name) { return pending as? P }
    return nil
  }

  /// The shape of a value of the graph for a batch of one.
  func shape(of value: String) -> Shape { graph.shape(of: value) ?? [] }

  // MARK: What nodes make

  /// Sets the meaning of a name of the file.
  mutating func set(_ name: String, _ value: Value) {
    guard case .made(let made) = value else { return values[name] = value }
    self.name(made, name)
  }

  /// Gives a quantized value the name of the pair's output; the pair does not count as an unquantized reader.
  mutating func setDequantized(_ name: String, _ value: String) {
    values[name] = .made(value)
    plainReaders[value, default: 0] += readers[name]?.plain ?? 0
  }

  /// The number of nodes that read a value of the graph unquantized, under all of its names.
  func plainReaders(of value: String) -> Int { plainReaders[value] ?? 0 }

  /// Gives a value of the graph one more name of the file.
  ///
  /// The node that passes on a named value is one of its readers, and is replaced by its own readers.
  private mutating func name(_ value: String, _ name: String) {
    values[name] = .made(value)
    plainReaders[value] = (plainReaders[value].map { $0 - 1 } ?? 0) + (readers[name]?.plain ?? 0)
  }

  /// Marks the outputs of a node as not made.
  mutating func refuse(_ outputs: [String]) { refused.formUnion(outputs) }

  /// Stores computed elements, within the limit of the file's size.
  mutating func setConstant(_ name: String, _ constant: ONNXConstant) throws(ONNXRefusal) {
    try take(constant.count)
    values[name] = .constant(constant)
  }

  /// Appends a node under the name of a file node's first output, whose axes may have another order.
  mutating func append(
    _ op: any Op, for node: ONNXNode, inputs: [String], parameters: [ParameterRole: Parameter] = [:],
    view: ONNXView? = nil
  ) throws(ONNXRefusal) {
    let name = try append(op, name: freshName(node.output), inputs: inputs, parameters: parameters)
    guard let view else { return self.name(name, node.output) }
    set(node.output, name, view)
  }

  /// Adds a note about the file, once.
  mutating func note(_ words: String) { if !notes.contains(words) { notes.append(words) } }

  /// Appends a node under a name from `freshName`, with parameters by role.
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

  /// A unique name in the graph: the file's without exporters' marks, with a number if it is taken.
  mutating func freshName(_ name: String) -> String { names.fresh(ONNXNames.readable(name)) }

  private mutating func take(_ elements: Int) throws(ONNXRefusal) {
    guard elements <= elementsLeft else {
      throw .because("its \(elements) elements are out of proportion to the size of the file")
    }
    elementsLeft -= elements
  }
}
