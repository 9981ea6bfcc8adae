import Encodings
import Graphs
import Ops
import Settings
import Tensors

/// The weights of a layer that are to share numbers.
///
/// Weights that are zero, as pruning leaves them, stay zero and share none.
struct SharedWeight {
  /// The weights that are clustered, in the order of elements.
  let survivors: [Float]
  /// The importance of their errors; `nil` if all count alike.
  let importance: [Double]?
  private let parameter: Parameter
  private let values: [Float]
  private let method: String
  private let node: String

  /// True if some weights are zero, so that zero is one of the numbers.
  var hasZero: Bool { survivors.count < values.count }

  /// The weights of a node, with the importance of all elements; throws if a weight is not finite.
  init(_ parameter: Parameter, importance: [Double]?, _ method: String, _ node: String) throws {
    self.parameter = parameter
    self.method = method
    self.node = node
    let values = parameter.projected.values
    self.values = values
    survivors = values.filter { $0 != 0 }
    self.importance = importance.map { numbers in zip(values, numbers).filter { $0.0 != 0 }.map(\.1) }
    guard survivors.allSatisfy(\.isFinite) else {
      throw MethodError.impossible(method: method, node: node, reason: "its weights are not all finite")
    }
  }

  /// The weight with a codebook, from the cluster of each survivor and the clusters' numbers.
  ///
  /// Without survivors the weight stays as it is.
  func parameter(clusters: [Int], centroids: [Float]) throws -> Parameter {
    guard !survivors.isEmpty else { return parameter }
    let first = hasZero ? 1 : 0
    var assignments = Array(repeating: UInt16(0), count: values.count)
    var numbers = values
    var survivor = 0
    for index in values.indices where values[index] != 0 {
      assignments[index] = UInt16(first + clusters[survivor])
      if importance != nil { numbers[index] = centroids[clusters[survivor]] }
      survivor += 1
    }
    let codebook = Codebook(assignments: assignments, count: first + centroids.count, hasZero: hasZero)
    let encoding = try parameter.encoding.replacingNumbers(with: codebook, method, node)
    // The codebook makes each cluster the mean of its weights, which is its number if all count alike.
    let tensor = Tensor(numbers, shape: parameter.value.shape)
    return Parameter(Parameter(tensor, encoding: encoding).projected, encoding: encoding)
  }
}

extension Applicability {
  /// Applicable if a table of 2^bits floats and indices takes less room than a node's weights.
  ///
  /// `bits` returns the bits of an index for a shape.
  static func sharing(_ node: Node, in graph: Graph, bits: (Shape) -> Int) -> Applicability {
    guard node.op is any ProductOp, let shape = graph.weightShape(of: node) else {
      return .notApplicable(reason: "it has no weights to share")
    }
    let (bits, count) = (bits(shape), shape.count)
    guard count * bits + 32 << bits < 32 * count else {
      return .notApplicable(
        reason: "a codebook of \(1 << bits) numbers takes no fewer bytes than its \(count) weights")
    }
    return .applicable
  }
}

extension Graph {
  /// The extents of a node's weight; `nil` if it has none.
  func weightShape(of node: Node) -> Shape? {
    slots(of: node).first { $0.slot.role == .weight }?.slot.shape
  }
}
