/// The mean over classes of the average precision of a detector.
///
/// In each image and class, detections look for a box in the order of their scores, and are right where they overlap it by at least
/// the threshold, wrong where there is none. A box can be found once. What falls on a difficult box counts nothing. Of equal scores the
/// earlier image, then the earlier detection, comes first.
///
/// **Formula** for a class with n boxes that are not difficult, after the k-th detection in the order of all images' scores:
/// `precision = right/(right + wrong)`, `recall = right/n`; how the curve becomes a number says the `Rule`. The value is the mean over
/// classes that have such boxes, and over thresholds.
///
/// **Papers** Everingham et al., "The PASCAL visual object classes challenge", IJCV 2010; Lin et al., "Microsoft COCO", 2014,
/// arXiv:1405.0312.
public struct AveragePrecision: Metric, Equatable {
  public static let kind = MetricKind(
    name: "mean-average-precision", key: "map", isHigherBetter: true,
    meaning: "the mean over classes of the precision of what was found, averaged over recalls")

  /// Whose way of judging.
  public enum Rule: String, Sendable, Codable, CaseIterable {
    /// VOC to 2009: `1/11 Σ_{r = 0, 0.1, …, 1} max_{recall[j] ≥ r} precision[j]` at a threshold of 0.5; a detection looks at the box that it
    /// overlaps most, and is wrong where that one is found already.
    case voc2007
    /// VOC since 2010: the same with `Σ_k (recall[k] - recall[k-1]) · max_{j ≥ k} precision[j]`, the area under the curve.
    case voc2010
    /// COCO: 101 recalls 0, 0.01, …, 1, the mean over thresholds 0.5, 0.55, …, 0.95; a detection takes the box that it overlaps most of
    /// those that are not found, and a difficult one only where there is none else. At most 100 detections an image and class.
    case coco

    /// The overlaps from which on a detection is right.
    public var thresholds: [Float] { self == .coco ? (0..<10).map { 0.5 + 0.05 * Float($0) } : [0.5] }
    /// Detections of an image and class that are looked at.
    public var limit: Int { self == .coco ? 100 : .max }
    /// The recalls at which precision is read; `nil` for the area.
    var recalls: [Double]? {
      switch self {
      case .voc2007: (0...10).map { Double($0) / 10 }
      case .voc2010: nil
      case .coco: (0...100).map { Double($0) / 100 }
      }
    }
  }

  /// What became of a detection at a threshold.
  public enum Verdict: Int8, Sendable, Codable {
    /// It fell on a difficult box.
    case uncounted = -1
    case wrong = 0
    case right = 1
  }

  /// One class: its detections in the order of their scores, and its boxes.
  public struct Class: Sendable, Equatable, Codable {
    /// By detection, the image that it is of.
    public var images: [Int] = []
    /// By threshold and detection, what became of it.
    public var verdicts: [[Verdict]]
    /// Images with boxes that are not difficult, ascending.
    public var boxImages: [Int] = []
    /// How many such boxes each of these has.
    public var boxCounts: [Int] = []

    /// A class of which nothing is known yet.
    public init(thresholds: Int) { verdicts = Array(repeating: [], count: thresholds) }
  }

  public let images: Int
  /// How it was judged.
  public let rule: Rule
  /// By class, what was found and what is there.
  public let classes: [Class]

  /// The precision of what was judged already.
  public init(images: Int, classes: [Class], by rule: Rule) {
    (self.images, self.classes, self.rule) = (images, classes, rule)
  }

  /// A mean of curves is no mean over images.
  public var contributions: [Double]? { nil }

  public func value(weights: [Int]) -> Double {
    let values = classes.compactMap { precision(of: $0, weights: weights) }
    return values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
  }

  /// The average precision of every class, 0…1; `nil` for a class without boxes.
  public var perClass: [Double?] {
    let weights = Array(repeating: 1, count: images)
    return classes.map { precision(of: $0, weights: weights) }
  }

  /// The mean over thresholds for one class.
  private func precision(of one: Class, weights: [Int]) -> Double? {
    let boxes = zip(one.boxImages, one.boxCounts).reduce(0) { $0 + $1.1 * weights[$1.0] }
    guard boxes > 0 else { return nil }
    let sum = one.verdicts.reduce(0.0) { $0 + precision(one.images, $1, boxes: boxes, weights) }
    return sum / Double(one.verdicts.count)
  }

  private func precision(_ found: [Int], _ verdicts: [Verdict], boxes: Int, _ weights: [Int]) -> Double {
    var (right, wrong) = (0, 0)
    var points: [(recall: Double, precision: Double)] = []
    for (image, verdict) in zip(found, verdicts) where weights[image] > 0 {
      switch verdict {
      case .uncounted: continue
      case .right: right += weights[image]
      case .wrong: wrong += weights[image]
      }
      points.append((Double(right) / Double(boxes), Double(right) / Double(right + wrong)))
    }
    // From the end, the best precision at this recall or a higher one.
    var best = 0.0
    for index in points.indices.reversed() {
      best = max(best, points[index].precision)
      points[index].precision = best
    }
    guard let recalls = rule.recalls else {
      var (area, before) = (0.0, 0.0)
      for point in points {
        area += (point.recall - before) * point.precision
        before = point.recall
      }
      return area
    }
    var place = 0
    return recalls.reduce(0.0) { sum, recall in
      while place < points.count, points[place].recall < recall { place += 1 }
      return sum + (place < points.count ? points[place].precision : 0)
    } / Double(recalls.count)
  }
}
