public import Datasets

/// A box that a detector found.
public struct Detection: Sendable, Equatable {
  /// The class.
  public var label: Int
  /// Where.
  public var box: Box
  /// How sure the detector is; only the order counts.
  public var score: Float

  /// Makes a detection.
  public init(label: Int, box: Box, score: Float) {
    self.label = label
    self.box = box
    self.score = score
  }
}

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
public struct AveragePrecision: Metric {
  public static let name = "mean-average-precision"
  public static let isHigherBetter = true

  /// Whose way of judging.
  public enum Rule: Sendable {
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
    /// The recalls at which precision is read; `nil` for the area.
    var recalls: [Double]? {
      switch self {
      case .voc2007: (0...10).map { Double($0) / 10 }
      case .voc2010: nil
      case .coco: (0...100).map { Double($0) / 100 }
      }
    }
    /// Detections of an image and class that are looked at.
    var limit: Int { self == .coco ? 100 : .max }
  }

  /// A detection in the order of scores: whose image it is of, and whether it is right at each threshold; `nil` where it
  /// counts nothing.
  private struct Judged: Sendable {
    let image: Int
    let isRight: [Bool?]
  }

  /// One class: its detections in order, and its boxes by image.
  private struct Class: Sendable {
    var judged: [Judged] = []
    var boxes: [(image: Int, count: Int)] = []
  }

  public let images: Int
  private let classes: [Class]
  private let rule: Rule

  /// Judges what was found in some images by what is there; both have one list an image.
  public init(found: [[Detection]], truth: [[LabelledBox]], classes count: Int, by rule: Rule) {
    precondition(found.count == truth.count, "what was found and what is there are of the same images")
    images = truth.count
    self.rule = rule
    classes = (0..<count).map { label in
      var result = Class()
      var all: [(score: Float, judged: Judged)] = []
      for image in truth.indices {
        let boxes = truth[image].filter { $0.label == label }
        let counted = boxes.count { !$0.isDifficult }
        if counted > 0 { result.boxes.append((image, counted)) }
        let detections = Self.sorted(found[image].filter { $0.label == label }) { $0.score }.prefix(
          rule.limit)
        let matches = rule.thresholds.map { rule.matches(detections.map(\.box), boxes, atLeast: $0) }
        for (place, detection) in detections.enumerated() {
          all.append((detection.score, Judged(image: image, isRight: matches.map { $0[place] })))
        }
      }
      result.judged = Self.sorted(all) { $0.score }.map(\.judged)
      return result
    }
  }

  /// The elements by descending score; equal ones stay in their order.
  private static func sorted<Element>(_ elements: [Element], by score: (Element) -> Float) -> [Element] {
    elements.indices.sorted { (score(elements[$1]), $0) < (score(elements[$0]), $1) }.map { elements[$0] }
  }

  /// A mean of curves is no mean over images.
  public var contributions: [Double]? { nil }

  public func value(weights: [Int]) -> Double {
    var (sum, counted) = (0.0, 0)
    for one in classes {
      let boxes = one.boxes.reduce(0) { $0 + $1.count * weights[$1.image] }
      guard boxes > 0 else { continue }
      for threshold in rule.thresholds.indices { sum += precision(one, threshold, boxes: boxes, weights) }
      counted += rule.thresholds.count
    }
    return counted > 0 ? sum / Double(counted) : 0
  }

  private func precision(_ one: Class, _ threshold: Int, boxes: Int, _ weights: [Int]) -> Double {
    var (right, wrong) = (0, 0)
    var points: [(recall: Double, precision: Double)] = []
    for detection in one.judged where weights[detection.image] > 0 {
      guard let isRight = detection.isRight[threshold] else { continue }
      if isRight { right += weights[detection.image] } else { wrong += weights[detection.image] }
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

extension AveragePrecision.Rule {
  /// Whether each box, in the order of scores, is right; `nil` where it counts nothing.
  fileprivate func matches(
    _ found: [Box], _ truth: [LabelledBox], atLeast threshold: Float
  ) -> [Bool?] {
    var isFound = [Bool](repeating: false, count: truth.count)
    return found.map { box in
      let overlaps = truth.map { box.overlap(with: $0.box) }
      var candidates = truth.indices.filter { overlaps[$0] >= threshold }
      if self == .coco {
        candidates.removeAll { isFound[$0] }
        let plain = candidates.filter { !truth[$0].isDifficult }
        if !plain.isEmpty { candidates = plain }
      }
      // Of equal overlaps the first.
      guard let best = candidates.max(by: { (overlaps[$0], $1) < (overlaps[$1], $0) }) else { return false }
      if truth[best].isDifficult { return nil }
      guard !isFound[best] else { return false }
      isFound[best] = true
      return true
    }
  }
}
