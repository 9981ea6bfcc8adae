public import Graphs
import Tensors

/// An encoding that a parameter has in training alone, around the one that it ships with.
///
/// It holds the data of a method that acts in every step, so that the method keeps no state itself. A
/// checkpoint holds it as it holds any encoding, beside the masters. The method's last step removes it.
/// Student files neither write nor read it.
public protocol TrainingEncoding: Encoding {
  /// The encoding that the parameter ships with, which is no training encoding.
  var inner: any Encoding { get }
}

extension Encoding {
  /// The encoding that ships: the inner one of a training encoding, else this one.
  public var shipped: any Encoding { (self as? any TrainingEncoding)?.inner ?? self }
}

extension Graph {
  /// The graph with the same masters, in the encodings that ship.
  public var shipped: Graph {
    var graph = self
    for (name, parameter) in parameters where parameter.encoding is any TrainingEncoding {
      graph.parameters[name]?.encoding = parameter.encoding.shipped
    }
    return graph
  }
}

extension TrainingEncoding {
  /// The bits of the inner encoding.
  public var bits: Int { inner.bits }
  /// False: masters train on.
  public var keepsProjectedMasters: Bool { false }

  /// The slice of one number for each element, row-major.
  static func sliced(_ numbers: [Float], _ kept: [Int: [Int]], shape: Shape) -> [Float] {
    var tensor = Tensor(numbers, shape: shape)
    for (axis, kept) in kept.sorted(by: { $0.key < $1.key }) { tensor = tensor.gathering(kept, axis: axis) }
    return tensor.values
  }

  /// The streams that the inner encoding stores of a tensor, behind streams of this encoding.
  func stored(_ tensor: Tensor, behind streams: [StoredTensor.Stream]) -> StoredTensor {
    var stored = inner.store(tensor)
    stored.inner.insert(inner.kind, at: 0)
    stored.streams.insert(contentsOf: streams, at: 0)
    return stored
  }

  /// Restores the inner encoding and its values, behind `count` streams; refuses one that does not ship.
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
