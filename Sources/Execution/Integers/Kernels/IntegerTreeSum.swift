/// The sum of the nodes' scores along one path of a binary tree.
///
/// **Formula**: `y[c] = clamp(zero_y + rescale(Σ_k (scores[k·C + c] - zero_s)))` over the nodes k on the path from the root 0 to a
/// leaf. The path goes from k to 2k + 1 if `decisions[k] > zero_d`, else to 2k + 2.
public struct IntegerTreeSum: IntegerKernel {
  /// The name in listings: `tree-sum`.
  public static let kind = "tree-sum"

  /// The number of decisions on a path.
  public let depth: Int
  /// The number of classes, C.
  public let classes: Int
  /// The zero point of the decisions.
  public let decisionZero: Int32
  /// The zero point of the scores.
  public let scoreZero: Int32
  /// The factor from scores to outputs: score scale / output scale.
  public let rescale: Rescale
  /// The zero point of the output.
  public let outputZero: Int32
  /// The range to which outputs are clamped.
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

  /// Sums the scores along the path in 32 bits and rescales the sums.
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
