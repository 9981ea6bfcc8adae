public import Graphs
public import Settings
public import Tensors

/// A network under construction: the graph so far, the names given, and the place in the spec.
///
/// Values inside a named block are named `block.value`; unnamed ones are counted by kind: `conv1`, `relu2`.
public struct NetworkBuilder {
  static let inputName = "image"
  static let outputName = "logits"
  /// The most nodes that a spec may expand to.
  static let maximumNodes = 10_000

  /// The graph so far.
  public private(set) var graph: Graph
  /// The number of classes that the classifier tells apart.
  public let classes: Int
  /// The layer of the spec that is being built, for messages.
  public internal(set) var mark: SettingsMark
  /// The widths and heights of the data's boxes; `nil` where no data is known.
  let boxes: [Float]?
  /// The names of a detector's scores and offsets; empty without a detector.
  var detector: [String] = []
  let catalogue: OpCatalogue
  private let width: Double
  private var scope: [String] = []
  private var counts: [String: Int] = [:]
  /// The value that each named layer makes, by the layer's full name.
  private var layers: [String: String] = [:]

  init(
    input: Shape, classes: Int, width: Double, boxes: [Float]? = nil, catalogue: OpCatalogue,
    mark: SettingsMark
  ) {
    self.boxes = boxes
    graph = Graph(inputs: [GraphInput(name: Self.inputName, shape: input)])
    self.classes = classes
    self.width = width
    self.catalogue = catalogue
    self.mark = mark
  }

  /// The number of named blocks around the present layer.
  var depth: Int { scope.count }

  /// A number of filters or features times the width multiplier, rounded and at least 1.
  public func scaled(_ count: Int) -> Int {
    width == 1 ? count : Int(min(max(1, (Double(count) * width).rounded()), 0x1p30))
  }

  /// The shape of a value, batch first.
  public func shape(of value: String) -> Shape { graph.shape(of: value) ?? [] }

  /// The number of channels of an image value; refuses values that are no images.
  public func channels(of value: String) throws(NetworkError) -> Int {
    let shape = shape(of: value)
    guard shape.rank == 4 else { throw .needsImages(mark, layer: fullName("layer"), found: shape) }
    return shape[1]
  }

  /// Appends an op whose value is named `name` in the present scope; returns the value's full name.
  public mutating func append(_ op: any Op, named name: String, from inputs: [String]) throws(NetworkError)
    -> String
  {
    guard graph.nodes.count < Self.maximumNodes else { throw .tooManyNodes(mark, limit: Self.maximumNodes) }
    do throws(GraphError) {
      return try graph.append(op, name: fullName(name), inputs: inputs)
    } catch {
      throw .graph(mark, error)
    }
  }

  /// Appends an op whose value is counted in the present scope: the second of `conv` is `conv2`.
  public mutating func append(_ op: any Op, as prefix: String, from inputs: [String]) throws(NetworkError)
    -> String
  {
    try append(op, named: numbered(prefix), from: inputs)
  }

  /// The next name of a kind in the present scope.
  mutating func numbered(_ prefix: String) -> String {
    let count = counts[fullName(prefix), default: 0] + 1
    counts[fullName(prefix)] = count
    return "\(prefix)\(count)"
  }

  /// Runs `body` with all names inside the scope `name`.
  public mutating func within<Result>(
    _ name: String, _ body: (inout NetworkBuilder) throws(NetworkError) -> Result
  ) throws(NetworkError) -> Result {
    scope.append(name)
    defer { scope.removeLast() }
    return try body(&self)
  }

  /// A name as it is seen from outside the present scope.
  func fullName(_ name: String) -> String { (scope + [name]).joined(separator: ".") }

  /// Records the value that a layer makes, so that `from` can refer to it.
  mutating func record(layer name: String, value: String) { layers[fullName(name)] = value }

  /// The value of a layer or value that `reference` names, in this scope or one around it.
  func value(referredTo reference: String, by layer: String) throws(NetworkError) -> String {
    for depth in stride(from: scope.count, through: 0, by: -1) {
      let name = (scope[..<depth] + [reference]).joined(separator: ".")
      if let value = layers[name] { return value }
      if graph.shape(of: name) != nil { return name }
    }
    throw .unknownReference(
      mark, layer: layer, reference: reference,
      suggestion: Spelling.nearest(to: reference, among: (Array(layers.keys) + [Self.inputName]).sorted()))
  }
}
