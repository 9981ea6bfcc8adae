import Encodings
import Graphs
import Ops
import Settings
import Tensors

/// A layer's weights that are to share numbers: all but those that are zero, as pruning leaves them, which stay zero.
struct SharedWeight {
  /// The weights that are clustered, in the order of elements.
  let survivors: [Float]
  /// How much the errors of these matter; `nil` where all matter alike.
  let importance: [Double]?
  private let parameter: Parameter
  private let values: [Float]
  private let method: String
  private let node: String

  /// Whether some weights are zero: zero then is a number of its own.
  var hasZero: Bool { survivors.count < values.count }

  /// The weights of a node, with the importance of all elements; refuses weights that are not finite.
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

  /// The weight with a codebook: each survivor has a cluster, of which the numbers are given; the weight as it is where there is none.
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
    // The codebook makes a cluster the mean of its weights, which is its number where all matter alike.
    let tensor = Tensor(numbers, shape: parameter.value.shape)
    return Parameter(Parameter(tensor, encoding: encoding).projected, encoding: encoding)
  }
}

extension Applicability {
  /// Whether a node has weights of which a table of 2^bits floats and indices take less room; `bits` is asked by shape.
  static func sharing(_ node: Node, in graph: Graph, bits: (Shape) -> Int) -> Applicability {
    guard node.op is any ProductOp, let shape = graph.weightShape(of: node) else {
      return .notApplicable(reason: "it has no weights to share")
    }
    let (bits, count) = (bits(shape), shape.count)
    guard count * bits + 32 << bits < 32 * count else {
      return .notApplicable(
        reason: "a codebook of \(1 << bits) numbers is no smaller than its \(count) weights")
    }
    return .applicable
  }
}

extension Graph {
  /// The extents of a node's weight; `nil` where it has none.
  func weightShape(of node: Node) -> Shape? {
    slots(of: node).first { $0.slot.role == .weight }?.slot.shape
  }
}
