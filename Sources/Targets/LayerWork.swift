import Graphs
import Ops
import Tensors

/// What one node asks of a device for one image.
struct LayerWork {
  let node: Node
  /// The op's kind, or `depthwise` for convolutions of groups.
  let layer: String
  /// Bits of the widest operand of its multiply-adds.
  let bits: Int
  /// Bits of an element of its output.
  let outputBits: Int
  /// The kind of its weight's encoding; `nil` without a weight.
  let encoding: String?
  let multiplyAdds: Int
  /// The share of weights that are not zero; 1 without a weight.
  let nonZeroShare: Double
  /// Elements that it writes; none where the output is the input as it lies.
  let outputElements: Int
  /// Bytes of its parameters as a file stores them.
  let storedBytes: Int
  /// Bytes of values that it reads and writes.
  let movedBytes: Int

  init(_ node: Node, in graph: Graph, _ work: GatedWork) {
    self.node = node
    layer = (node.op as? any ProductOp).map { $0.groups > 1 } == true ? "depthwise" : node.op.kind
    let weight = graph[.weight, of: node.name]
    encoding = weight?.encoding.kind
    bits = node.inputs.map(graph.bits(of:)).reduce(weight?.encoding.bits ?? 0, max)
    outputBits = graph.bits(of: node.name)
    // Kernels skip outputs that a gate closes where weights are plain, and read what others have closed.
    multiplyAdds =
      weight?.encoding.kind == Dense.kind
      ? work.mostByOutputs(of: node.name) : graph.cost(of: node).multiplyAdds
    let isMoved = node.op.placement != .unmoved
    outputElements = isMoved ? graph.shape(of: node.name)?.count ?? 0 : 0
    storedBytes = graph.slots(of: node).reduce(0) { $0 + (graph.parameters[$1.name]?.storedBytes ?? 0) }
    movedBytes = isMoved ? (node.inputs + [node.name]).reduce(0) { $0 + graph.bytes(of: $1) } : 0
    nonZeroShare = weight?.nonZeroShare ?? 1
  }
}

extension Graph {
  /// Bits of an element of a value on the device: those of the encoding that it is kept in, 32 for reals.
  ///
  /// What is fused into a clamp is never kept wider than the clamp's output, and what moves or vanishes is as wide as
  /// what it came from. O(nodes).
  func bits(of value: String) -> Int {
    switch valuePlaces()[value] {
    case .fused(let clamp): bits(of: clamp)
    case .alike(let source): (storedEncoding(of: value) ?? storedEncoding(of: source))?.bits ?? 32
    case .same(let source): bits(of: source)
    case .stored, nil: values[value]?.bits ?? 32
    }
  }

  /// Bytes of a value on the device for one image: whole bytes an element.
  func bytes(of value: String) -> Int { (shape(of: value)?.count ?? 0) * ((bits(of: value) + 7) / 8) }
}

extension Parameter {
  /// Bytes of the streams that a file holds, before any entropy coding.
  fileprivate var storedBytes: Int {
    encoding.store(projected).streams.reduce(0) { $0 + ($1.symbols.count * $1.bits + 7) / 8 }
  }

  fileprivate var nonZeroShare: Double {
    let tensor = projected
    let count = tensor.values.count
    return count == 0 ? 1 : Double(encoding.nonZeroCount(tensor.values.span)) / Double(count)
  }
}
