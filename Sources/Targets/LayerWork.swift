import Graphs
import Ops
import Tensors

/// The work of one node on a device for one image.
struct LayerWork {
  let node: Node
  /// The op's kind, or `depthwise` for convolutions of groups.
  let layer: String
  /// The bits of the widest operand of its multiply-adds.
  let bits: Int
  /// The bits of an element of its output.
  let outputBits: Int
  /// The kind of its weight's encoding; `nil` without a weight.
  let encoding: String?
  let multiplyAdds: Int
  /// The share of weights that are not zero, 0…1; 1 without a weight.
  let nonZeroShare: Double
  /// The number of elements that it writes; 0 where the output shares the input's memory unchanged.
  let outputElements: Int
  /// The bytes of its parameters in a file.
  let storedBytes: Int
  /// The bytes of values that it reads and writes.
  let movedBytes: Int

  init(_ node: Node, in graph: Graph, _ work: GatedWork) {
    self.node = node
    layer = (node.op as? any ProductOp).map { $0.groups > 1 } == true ? "depthwise" : node.op.kind
    let weight = graph[.weight, of: node.name]
    encoding = weight?.encoding.kind
    bits = node.inputs.map(graph.bits(of:)).reduce(weight?.encoding.bits ?? 0, max)
    outputBits = graph.bits(of: node.name)
    // Kernels with plain weights skip outputs that a gate closes, but read inputs that other gates have
    // closed.
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
  /// The bits of an element of a value on the device: those of its stored encoding, or 32 for floats.
  ///
  /// A value that is fused into a clamp is as wide as the clamp's output; a value that is moved or passed on
  /// is as wide as its source. O(nodes).
  func bits(of value: String) -> Int {
    switch valuePlaces()[value] {
    case .fused(let clamp): bits(of: clamp)
    case .alike(let source): (storedEncoding(of: value) ?? storedEncoding(of: source))?.bits ?? 32
    case .same(let source): bits(of: source)
    case .stored, nil: values[value]?.bits ?? 32
    }
  }

  /// The bytes of a value on the device for one image, with whole bytes for each element.
  func bytes(of value: String) -> Int { (shape(of: value)?.count ?? 0) * ((bits(of: value) + 7) / 8) }
}

extension Parameter {
  /// The bytes of the streams in a file, before any entropy coding.
  fileprivate var storedBytes: Int {
    encoding.store(projected).streams.reduce(0) { $0 + ($1.symbols.count * $1.bits + 7) / 8 }
  }

  fileprivate var nonZeroShare: Double {
    let tensor = projected
    let count = tensor.values.count
    return count == 0 ? 1 : Double(encoding.nonZeroCount(tensor.values.span)) / Double(count)
  }
}
