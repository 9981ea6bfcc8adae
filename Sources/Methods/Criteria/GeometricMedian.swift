public import Settings
import Tensors

/// The sum of a filter's distances to the other filters of its layer.
public struct GeometricMedian: Saliency {
  public static let name = "geometric-median"
  public static let documentation = MethodDocumentation(
    summary: "the sum of a filter's distances to the others of its layer",
    description: """
      The filter with the least sum of Euclidean distances to all others is nearest to their geometric median: the others \
      can stand for it best, however large it is. A channel of a coupled group counts by all filters that make it, put \
      together. Ranked over the mean of their layer.
      """,
    formula: "score of filter i = sum over filters j of the layer of |W_i - W_j|",
    paper: """
      He, Liu, Wang, Hu, Yang, "Filter pruning via geometric median for deep convolutional neural networks acceleration", \
      2019, arXiv:1811.00250
      """)
  public static let kinds: Set<UnitKind> = [.channel]

  /// The only way.
  public init() {}

  public static var settings: [Setting<GeometricMedian>] { [] }

  public func scores(
    of sets: [UnitSet], _ context: inout SaliencyContext
  ) throws -> [[Double]] {
    let weights = context.weights(of: sets, .making)
    return sets.map { set in
      let filters = set.vectors(.making, of: weights)
      var sums = Array(repeating: 0.0, count: set.count)
      for first in filters.indices {
        for second in 0..<first {
          let distance = Self.squaredDistance(filters[first], filters[second]).squareRoot()
          sums[first] += distance
          sums[second] += distance
        }
      }
      return sums
    }
  }

  /// The squared Euclidean distance of two lists; what one has more counts as against zeros.
  static func squaredDistance(_ a: [Float], _ b: [Float]) -> Double {
    var sum = 0.0
    for i in 0..<min(a.count, b.count) {
      let difference = Double(a[i]) - Double(b[i])
      sum += difference * difference
    }
    let rest = a.count > b.count ? a[b.count...] : b[a.count...]
    return rest.reduce(sum) { $0 + Double($1) * Double($1) }
  }
}

extension UnitSet {
  /// By unit its elements in the parameters of a relation, one after another; units of one set have as many.
  func vectors(_ relation: UnitRelation, of weights: [String: Tensor]) -> [[Float]] {
    elements(relation).map { parts in
      parts.flatMap { part in
        weights[part.parameter].map { weight in part.elements.map { weight.values[$0] } } ?? []
      }
    }
  }
}
