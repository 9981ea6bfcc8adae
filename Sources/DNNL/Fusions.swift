import Execution
import Graphs
import Ops
import Tensors

/// Which nodes become part of another call, and which values must exist in memory because somebody looks at them.
struct Fusions {
  /// The ReLU node that each producer swallows.
  private(set) var relu: [String: Node] = [:]
  /// The sum that each batch norm swallows.
  private(set) var addition: [String: Node] = [:]
  private var swallowed: Set<String> = []
  private let observed: Set<String>
  /// Values that a ReLU makes whose gradient is masked by a pass of its own (a batch norm masks for free).
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

  /// Gives each sum of two values to the later of the batch norms that make them, where only the sum reads it.
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

  /// Whether a value comes out of a ReLU and only one node, a max pool, reads it: the gradient can then be masked
  /// behind the pool, where it is smaller. (A positive maximum is an active element.)
  func masksAfterPooling(_ value: String) -> Bool {
    rectified.contains(value) && consumers[value]?.count == 1 && !observed.contains(value)
  }

  /// Whether only one node reads a value, a max pool that interleaved images can go through.
  func feedsOnlyMaxPool(_ value: String) -> Bool {
    guard let readers = readers(of: value), readers.count == 1, let pool = readers[0].op as? MaxPool else {
      return false
    }
    return Self.isInterleavable(pool.window)
  }

  /// Whether only convolutions read a value.
  func feedsOnlyConvolutions(_ value: String) -> Bool {
    readers(of: value)?.allSatisfy { $0.op is Conv2D } == true
  }

  /// The nodes that read a value or its projection, which lies as the value does; `nil` where somebody else looks at it.
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

  /// Whether a pool's windows do not overlap and stay inside.
  static func isInterleavable(_ window: Window) -> Bool {
    !window.isPadded && window.dilation == 1 && window.stride.height >= window.kernel.height
      && window.stride.width >= window.kernel.width
  }

  /// Whether a value is read or seeded from outside.
  func isObserved(_ value: String) -> Bool { observed.contains(value) }
  /// Whether a node is computed by the one before it.
  func isSwallowed(_ node: Node) -> Bool { swallowed.contains(node.name) }
}
