/// The sum of the scores on one path of a binary tree.
///
/// **Formula**: `y[c] = clamp(zero_y + rescale(Σ_k (scores[k·C + c] - zero_s)))` over the nodes k from the root 0 to a leaf, where 2k + 1
/// follows k if `decisions[k] > zero_d`, else 2k + 2.
public struct IntegerTreeSum: IntegerKernel {
  public static let kind = "tree-sum"

  /// Decisions on a path.
  public let depth: Int
  /// C.
  public let classes: Int
  /// The integer that stands for zero in decisions.
  public let decisionZero: Int32
  /// The integer that stands for zero in scores.
  public let scoreZero: Int32
  /// Scale of scores / output scale.
  public let rescale: Rescale
  /// The integer that stands for zero in the output.
  public let outputZero: Int32
  /// The least and the greatest output.
  public let bounds: ClosedRange<Int32>

  /// Makes a kernel.
  public init(
    depth: Int, classes: Int, decisionZero: Int32, scoreZero: Int32, rescale: Rescale, outputZero: Int32,
    bounds: ClosedRange<Int32>
  ) {
    self.depth = depth
    self.classes = classes
    self.decisionZero = decisionZero
    self.scoreZero = scoreZero
    self.rescale = rescale
    self.outputZero = outputZero
    self.bounds = bounds
  }

  public func forward(_ inputs: [[Int8]]) -> [Int8] {
    var sums = Array(repeating: Int32(0), count: classes)
    var node = 0
    for level in 0...depth {
      for c in 0..<classes { sums[c] += Int32(inputs[1][node * classes + c]) - scoreZero }
      if level < depth { node = 2 * node + (Int32(inputs[0][node]) > decisionZero ? 1 : 2) }
    }
    return sums.map { Int8(min(max(outputZero + rescale($0), bounds.lowerBound), bounds.upperBound)) }
  }
}
