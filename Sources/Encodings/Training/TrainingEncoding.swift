public import Graphs
import Tensors

/// An encoding that a parameter has in training alone, around the one that it ships with.
///
/// It holds what a method that acts in every step has to know, so that the method itself keeps no state: a checkpoint holds it
/// as it holds any encoding, masters beside it. The method's last step takes it away. Student files neither write nor read it.
public protocol TrainingEncoding: Encoding {
  /// What the parameter is stored as when it ships; no training encoding itself.
  var inner: any Encoding { get }
}

extension Encoding {
  /// The encoding without what acts in training alone.
  public var shipped: any Encoding { (self as? any TrainingEncoding)?.inner ?? self }
}

extension Graph {
  /// The graph with the same masters, and without what acts on them in training alone.
  public var shipped: Graph {
    var graph = self
    for (name, parameter) in parameters where parameter.encoding is any TrainingEncoding {
      graph.parameters[name]?.encoding = parameter.encoding.shipped
    }
    return graph
  }
}

extension TrainingEncoding {
  public var bits: Int { inner.bits }
  public var keepsProjectedMasters: Bool { false }

  /// The slice of numbers an element, row-major.
  static func sliced(_ numbers: [Float], _ kept: [Int: [Int]], shape: Shape) -> [Float] {
    var tensor = Tensor(numbers, shape: shape)
    for (axis, kept) in kept.sorted(by: { $0.key < $1.key }) { tensor = tensor.gathering(kept, axis: axis) }
    return tensor.values
  }

  /// What the inner encoding stores of a tensor, behind streams of this one's own.
  func stored(_ tensor: Tensor, behind streams: [StoredTensor.Stream]) -> StoredTensor {
    var stored = inner.store(tensor)
    stored.inner.insert(inner.kind, at: 0)
    stored.streams.insert(contentsOf: streams, at: 0)
    return stored
  }

  /// The inner encoding and its values, behind a number of streams; refuses an inner one that does not ship.
  static func restoreInner(
    _ stored: StoredTensor, shape: Shape, behind count: Int
  ) throws(EncodingError) -> (any Encoding, Tensor) {
    guard let name = stored.inner.first else { throw .missing(kind: kind, what: "the inner encoding") }
    guard let type = EncodingCatalogue.standard.parameter(kind: name) else {
      let known = EncodingCatalogue.standard.parameters.map { $0.kind }.joined(separator: " or ")
      throw .invalid(kind: kind, what: "inner encoding", expected: known, found: "\"\(name)\"")
    }
    var rest = stored
    rest.inner.removeFirst()
    rest.streams.removeFirst(min(count, rest.streams.count))
    return try restore(type, rest, shape: shape)
  }

  private static func restore<E: Encoding>(
    _ type: E.Type, _ stored: StoredTensor, shape: Shape
  ) throws(EncodingError) -> (any Encoding, Tensor) {
    try E.restore(stored, shape: shape)
  }
}
