import Execution
import Graphs
import Ops
import Tensors

/// The nodes that become part of another call, and the values that must exist in memory as they are observed.
struct Fusions {
  /// The ReLU that is fused into each producer.
  private(set) var relu: [String: Node] = [:]
  /// The sum that is fused into each batch norm.
  private(set) var addition: [String: Node] = [:]
  private var swallowed: Set<String> = []
  private let observed: Set<String>
  /// The outputs of ReLUs whose gradient is masked by its own pass; a batch norm masks at no cost.
  private var rectified: Set<String> = []
  /// The nodes that read each value.
  let consumers: [String: [Node]]

  init(_ graph: Graph, _ options: PlanOptions) {
    observed = Set(graph.outputs + options.taps + options.seeds)
    var consumers: [String: [Node]] = [:]
    for node in graph.nodes { for input in node.inputs { consumers[input, default: []].append(node) } }
    self.consumers = consumers
    if options.mode == .training { joinAdditions(graph) }
    rectified = Set(graph.nodes.filter { $0.op is ReLU }.map(\.name))
    let norms = Dictionary(addition.map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    for node in graph.nodes where Self.carriesReLU(node, graph) {
      guard let readers = consumers[node.name], readers.count == 1, let reader = readers.first,
        reader.op is ReLU, !observed.contains(node.name)
      else { continue }
      relu[norms[node.name] ?? node.name] = reader
      swallowed.insert(reader.name)
      if node.op is BatchNorm || norms[node.name] != nil { rectified.remove(reader.name) }
    }
  }

  /// Fuses each sum of two values into the later of the batch norms that make them, if only the sum reads it.
  private mutating func joinAdditions(_ graph: Graph) {
    let position = Dictionary(
      graph.nodes.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    for node in graph.nodes where node.op is Add && node.inputs.count == 2 {
      guard let later = node.inputs.max(by: { position[$0, default: -1] < position[$1, default: -1] }),
        let norm = graph.node(named: later), norm.op is BatchNorm, consumers[later]?.count == 1,
        !observed.contains(later), graph.shape(of: later)?.rank == 4
      else { continue }
      addition[later] = node
      swallowed.insert(node.name)
    }
  }

  private static func carriesReLU(_ node: Node, _ graph: Graph) -> Bool {
    guard let op = node.op as? any DNNLOp, let shape = graph.shape(of: node.name) else { return false }
    return type(of: op).fusesReLU(shape)
  }

  /// True if a value comes out of a ReLU, and only one node reads it.
  ///
  /// If that is a max pool, the gradient can be masked behind the pool, where it is smaller: a positive
  /// maximum is an active element.
  func masksAfterPooling(_ value: String) -> Bool {
    rectified.contains(value) && consumers[value]?.count == 1 && !observed.contains(value)
  }

  /// True if only one node reads a value, and it is a max pool that interleaved images can pass.
  func feedsOnlyMaxPool(_ value: String) -> Bool {
    guard let readers = readers(of: value), readers.count == 1, let pool = readers[0].op as? MaxPool else {
      return false
    }
    return Self.isInterleavable(pool.window)
  }

  /// True if only convolutions read a value.
  func feedsOnlyConvolutions(_ value: String) -> Bool {
    readers(of: value)?.allSatisfy { $0.op is Conv2D } == true
  }

  /// The nodes that read a value or its projection, which has the same layout; `nil` if the value is
  /// observed.
  private func readers(of value: String) -> [Node]? {
    guard !observed.contains(value), let nodes = consumers[value] else { return nil }
    var readers: [Node] = []
    for node in nodes {
      guard node.op is Projection else {
        readers.append(node)
        continue
      }
      guard let behind = self.readers(of: node.name) else { return nil }
      readers += behind
    }
    return readers
  }

  /// True if a pool's windows neither overlap nor leave the image.
  static func isInterleavable(_ window: Window) -> Bool {
    !window.isPadded && window.dilation == 1 && window.stride.height >= window.kernel.height
      && window.stride.width >= window.kernel.width
  }

  /// True if a value is read or seeded from outside.
  func isObserved(_ value: String) -> Bool { observed.contains(value) }
  /// True if a node is fused into another one's call.
  func isSwallowed(_ node: Node) -> Bool { swallowed.contains(node.name) }
}
