/// The share of images of which the class is told rightly.
public struct Top1Accuracy: Metric {
  public static let kind = MetricKind(
    name: "top-1", key: "top1", isHigherBetter: true,
    meaning: "the share of images told right")

  private let isCorrect: [Bool]

  /// Judges images by whether each was told rightly.
  public init(_ isCorrect: [Bool]) { self.isCorrect = isCorrect }

  public var images: Int { isCorrect.count }
  public var contributions: [Double]? { isCorrect.map { $0 ? 1 : 0 } }

  public func value(weights: [Int]) -> Double {
    var (right, all) = (0, 0)
    for (isRight, weight) in zip(isCorrect, weights) {
      all += weight
      if isRight { right += weight }
    }
    return Double(right) / Double(max(all, 1))
  }
}
