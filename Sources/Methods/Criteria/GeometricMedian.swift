public import Settings
import Tensors

/// Scores channels by the sum of their filter's distances to the other filters of the layer.
public struct GeometricMedian: Saliency {
  /// The name in recipes: `geometric-median`.
  public static let name = "geometric-median"
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "the sum of a filter's distances to the others of its layer",
    description: """
      The filter with the least sum of Euclidean distances to all others is nearest to their geometric median: the \
      other filters can replace it best, however large it is. A channel of a coupled group is compared by all \
      filters that make it, taken together. Scores are divided by the mean score of their layer before layers are \
      compared.
      """,
    formula: "score of filter i = sum over filters j of the layer of |W_i - W_j|",
    paper: """
      He, Liu, Wang, Hu, Yang, "Filter pruning via geometric median for deep convolutional neural networks acceleration", \
      2019, arXiv:1811.00250
      """)
  /// Channels alone.
  public static let kinds: Set<UnitKind> = [.channel]

  /// Creates it; there are no settings.
  public init() {}

  /// There are no settings.
  public static var settings: [Setting<GeometricMedian>] { [] }

  /// Σ_j |W_i - W_j| over the other filters of the set.
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

  /// The squared Euclidean distance of two lists; the shorter one continues with zeros.
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
  /// The elements of each unit in the parameters of a relation, one after another; as many for all units of a
  /// set.
  func vectors(_ relation: UnitRelation, of weights: [String: Tensor]) -> [[Float]] {
    elements(relation).map { parts in
      parts.flatMap { part in
        weights[part.parameter].map { weight in part.elements.map { weight.values[$0] } } ?? []
      }
    }
  }
}
