/// The mean average precision of a detector over classes.
///
/// In each image and class, detections are matched to boxes in the order of their scores. A detection is
/// right if its intersection over union with a box reaches the threshold, and wrong if no box does. A box can
/// be found once. Detections that match a difficult box are not counted. Among equal scores the earlier image
/// comes first, then the earlier detection.
///
/// **Formula** for a class with `n` boxes that are not difficult, after the k-th detection of all images in
/// the order of scores: `precision = right/(right + wrong)`, `recall = right/n`. The `Rule` reduces this
/// curve to a number. The value is its mean over the classes that have such boxes, and over thresholds.
///
/// **Papers** Everingham et al., "The PASCAL visual object classes challenge", IJCV 2010; Lin et al.,
/// "Microsoft COCO", 2014, arXiv:1405.0312.
public struct AveragePrecision: Metric, Equatable {
  /// Named `mean-average-precision` in tables and `map` in files; higher is better.
  public static let kind = MetricKind(
    name: "mean-average-precision", key: "map", isHigherBetter: true,
    meaning: "the mean over classes of the precision of what was found, averaged over recalls")

  /// The rule for matching detections to boxes and for reducing a curve to a number.
  public enum Rule: String, Sendable, Codable, CaseIterable {
    /// VOC up to 2009: `1/11 Σ_{r = 0, 0.1, …, 1} max_{recall[j] ≥ r} precision[j]` at a threshold of 0.5.
    ///
    /// A detection is compared with the box that it overlaps most, and is wrong if that one was found before.
    case voc2007
    /// VOC since 2010: the area under the curve, `Σ_k (recall[k] - recall[k-1]) · max_{j ≥ k} precision[j]`.
    ///
    /// Matching and threshold are those of `voc2007`.
    case voc2010
    /// COCO: the mean over 101 recalls 0, 0.01, …, 1 and ten thresholds 0.5, 0.55, …, 0.95.
    ///
    /// A detection takes the box that it overlaps most among those not yet found, and a difficult one only if
    /// there is no other. At most 100 detections per image and class are used.
    case coco

    /// The intersections over union from which a detection counts as right, ascending.
    public var thresholds: [Double] {
      guard self == .coco else { return [0.5] }
      // Spaced as numpy does it, so that an overlap equal to a threshold is judged as by pycocotools.
      let step: Double = (0.95 - 0.5) / 9
      return (0..<10).map { $0 < 9 ? 0.5 + step * Double($0) : 0.95 }
    }
    /// The most detections per image and class that are used.
    public var limit: Int { self == .coco ? 100 : .max }
    /// The recalls at which the precision is read; `nil` for the area under the curve.
    var recalls: [Double]? {
      switch self {
      case .voc2007: (0...10).map { Double($0) / 10 }
      case .voc2010: nil
      case .coco: (0...100).map { 0.01 * Double($0) }
      }
    }
  }

  /// The outcome of a detection at a threshold.
  public enum Verdict: Int8, Sendable, Codable {
    /// The detection matches a difficult box and is not counted.
    case uncounted = -1
    /// The detection matches no box, or one that was found before.
    case wrong = 0
    /// The detection is the first to find its box.
    case right = 1
  }

  /// The detections of one class in the order of their scores, with the counts of its boxes.
  public struct Class: Sendable, Equatable, Codable {
    /// The image of each detection.
    public var images: [Int] = []
    /// The verdicts by threshold (outer) and detection.
    public var verdicts: [[Verdict]]
    /// The images with boxes that are not difficult, ascending.
    public var boxImages: [Int] = []
    /// The number of such boxes in each image of `boxImages`.
    public var boxCounts: [Int] = []

    /// Makes a class without detections and boxes.
    public init(thresholds: Int) { verdicts = Array(repeating: [], count: thresholds) }
  }

  /// The number of images that were judged.
  public let images: Int
  /// The rule of matching and of reducing the curve.
  public let rule: Rule
  /// The detections and box counts by class.
  public let classes: [Class]

  /// Makes the metric from detections that were judged already.
  public init(images: Int, classes: [Class], by rule: Rule) {
    (self.images, self.classes, self.rule) = (images, classes, rule)
  }

  /// Always `nil`: a mean of curves is no mean over images.
  public var contributions: [Double]? { nil }

  /// Returns the mean average precision with image `i` counted `weights[i]` times; 0 if no class has boxes.
  public func value(weights: [Int]) -> Double {
    var curve: [Point] = []
    let values = classes.compactMap { precision(of: $0, weights, &curve) }
    return values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
  }

  /// The average precision of every class, 0...1; `nil` for a class without boxes.
  public var perClass: [Double?] {
    let weights = Array(repeating: 1, count: images)
    var curve: [Point] = []
    return classes.map { precision(of: $0, weights, &curve) }
  }

  /// Returns the mean over classes at one of the rule's thresholds; `nil` if no class has boxes.
  public func value(threshold: Int) -> Double? {
    let single = classes.map { one in
      var one = one
      one.verdicts = [one.verdicts[threshold]]
      return one
    }
    let values = AveragePrecision(images: images, classes: single, by: rule).perClass.compactMap { $0 }
    return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }

  /// The share of boxes that were found, averaged over thresholds and classes; `nil` if no class has boxes.
  public var recall: Double? {
    let values = classes.compactMap { one -> Double? in
      let boxes = one.boxCounts.reduce(0, +)
      guard boxes > 0 else { return nil }
      let right = one.verdicts.map { verdicts in Double(verdicts.count { $0 == .right }) / Double(boxes) }
      return right.reduce(0, +) / Double(right.count)
    }
    return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }

  /// A point of the curve of one class and threshold.
  private struct Point {
    var recall: Double
    var precision: Double
  }

  /// Returns the mean over thresholds for one class; `curve` is reused working memory.
  private func precision(of one: Class, _ weights: [Int], _ curve: inout [Point]) -> Double? {
    let boxes = zip(one.boxImages, one.boxCounts).reduce(0) { $0 + $1.1 * weights[$1.0] }
    guard boxes > 0 else { return nil }
    var sum = 0.0
    for verdicts in one.verdicts { sum += precision(one.images, verdicts, boxes: boxes, weights, &curve) }
    return sum / Double(one.verdicts.count)
  }

  /// The curve of a class at the first of the rule's thresholds: the recalls that were reached, ascending, each with the best precision
  /// at it or at a higher one; empty for a class without boxes.
  public func curve(of label: Int) -> [(recall: Double, precision: Double)] {
    let one = classes[label]
    let boxes = one.boxCounts.reduce(0, +)
    guard boxes > 0, let verdicts = one.verdicts.first else { return [] }
    var curve: [Point] = []
    fill(&curve, one.images, verdicts, boxes: boxes, Array(repeating: 1, count: images))
    return curve.map { ($0.recall, $0.precision) }
  }

  private func precision(
    _ found: [Int], _ verdicts: [Verdict], boxes: Int, _ weights: [Int], _ curve: inout [Point]
  ) -> Double {
    fill(&curve, found, verdicts, boxes: boxes, weights)
    guard let recalls = rule.recalls else {
      var (area, before) = (0.0, 0.0)
      for point in curve {
        area += (point.recall - before) * point.precision
        before = point.recall
      }
      return area
    }
    var place = 0
    return recalls.reduce(0.0) { sum, recall in
      while place < curve.count, curve[place].recall < recall { place += 1 }
      return sum + (place < curve.count ? curve[place].precision : 0)
    } / Double(recalls.count)
  }

  private func fill(
    _ curve: inout [Point], _ found: [Int], _ verdicts: [Verdict], boxes: Int, _ weights: [Int]
  ) {
    var (right, wrong) = (0, 0)
    curve.removeAll(keepingCapacity: true)
    for (image, verdict) in zip(found, verdicts) where weights[image] > 0 {
      switch verdict {
      case .uncounted: continue
      case .wrong: wrong += weights[image]
      case .right:
        right += weights[image]
        // Only right detections are added: at each recall the first point has the highest precision.
        curve.append(
          Point(recall: Double(right) / Double(boxes), precision: Double(right) / Double(right + wrong)))
      }
    }
    // From the end: the highest precision at this recall or at a greater one.
    var best = 0.0
    for index in curve.indices.reversed() {
      best = max(best, curve[index].precision)
      curve[index].precision = best
    }
  }
}

/// The results of a detector, with the verdict on each detection, so that two can be compared over images.
public struct DetectionDetails: TaskDetails {
  /// The name in files: `detection`.
  public static let task = "detection"
  /// The mean average precision.
  public static let metric = AveragePrecision.kind

  /// The number of images that were judged.
  public var images: Int
  /// The mean average precision, 0...1.
  public var map: Double
  /// The rule of matching and of reducing the curve.
  public var rule: AveragePrecision.Rule
  /// The average precision of every class, 0...1; `nil` for a class without boxes.
  public var perClass: [Double?]
  /// The detections and box counts by class.
  public var classes: [AveragePrecision.Class]

  /// Makes the results of a metric.
  public init(_ judged: AveragePrecision) {
    images = judged.images
    map = judged.value
    rule = judged.rule
    perClass = judged.perClass
    classes = judged.classes
  }

  /// The mean average precision, `map`.
  public var value: Double { map }
  /// The mean average precision of the detections in `classes`.
  public var judged: any Metric { precision }
  /// The metric with its rule, such as `mean-average-precision by voc2010`.
  public var judgedBy: String { "\(Self.metric.name) by \(rule)" }
  private var precision: AveragePrecision { AveragePrecision(images: images, classes: classes, by: rule) }

  /// Throws if a value is out of its range, an array's length does not match, or the detections give other
  /// values.
  public func validate(classes count: Int) throws(FieldProblem) {
    let check = FieldCheck()
    try check.count(images, "images", least: 1)
    guard images <= Self.mostImages else {
      throw check.fail("images", "expected at most \(Self.mostImages), found \(images)")
    }
    try check.rate(map, "map")
    try check.size(perClass.count, expected: count, "perClass")
    try check.each(perClass, "perClass") { (rate, field) throws(FieldProblem) in try check.rate(rate, field) }
    try check.size(classes.count, expected: count, "classes")
    try check.each(classes, "classes") { (one, field) throws(FieldProblem) in
      try one.validate(check, field, images: images, thresholds: rule.thresholds.count)
    }
    let found = precision
    guard abs(found.value - map) < 1e-9 else {
      throw check.fail("map", "is \(map), but its detections give \(found.value)")
    }
    for (label, (kept, value)) in zip(perClass, found.perClass).enumerated() {
      guard (kept == nil) == (value == nil), abs((kept ?? 0) - (value ?? 0)) < 1e-9 else {
        throw check.fail("perClass[\(label)]", "is not what its detections give")
      }
    }
  }

  /// More images than test splits have, but few enough for a thousand draws of all of them.
  private static let mostImages = 1_000_000
}

extension AveragePrecision.Class {
  /// More boxes than an image has, but few enough that sums of them do not overflow.
  private static let mostBoxes = 1_000_000

  /// Checks the indices of images, the order of those with boxes, and the number of right detections per
  /// image.
  ///
  /// An image must not have more right detections than boxes.
  fileprivate func validate(
    _ check: FieldCheck, _ field: String, images count: Int, thresholds: Int
  ) throws(FieldProblem) {
    func requireImages(_ images: [Int], _ field: String) throws(FieldProblem) {
      try check.each(images, field) { (image, field) throws(FieldProblem) in
        guard (0..<count).contains(image) else {
          throw check.fail(field, "expected one of \(count) images, found \(image)")
        }
      }
    }
    try requireImages(images, field + ".images")
    try requireImages(boxImages, field + ".boxImages")
    guard zip(boxImages, boxImages.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw check.fail(field + ".boxImages", "expected ascending images")
    }
    try check.size(boxCounts.count, expected: boxImages.count, field + ".boxCounts")
    try check.each(boxCounts, field + ".boxCounts") { (boxes, field) throws(FieldProblem) in
      guard (1...Self.mostBoxes).contains(boxes) else {
        throw check.fail(field, "expected 1 to \(Self.mostBoxes) boxes, found \(boxes)")
      }
    }
    try check.size(verdicts.count, expected: thresholds, field + ".verdicts")
    let boxes = Dictionary(zip(boxImages, boxCounts), uniquingKeysWith: { first, _ in first })
    try check.each(verdicts, field + ".verdicts") { (verdicts, field) throws(FieldProblem) in
      try check.size(verdicts.count, expected: images.count, field)
      var left = boxes
      for (image, verdict) in zip(images, verdicts) where verdict == .right {
        guard let count = left[image], count > 0 else {
          throw check.fail(field, "finds more boxes in image \(image) than it has")
        }
        left[image] = count - 1
      }
    }
  }
}
