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
    public var thresholds: [Double] {
      guard self == .coco else { return [0.5] }
      // As numpy spaces them, so that overlaps that are just as much are judged alike.
      let step: Double = (0.95 - 0.5) / 9
      return (0..<10).map { $0 < 9 ? 0.5 + step * Double($0) : 0.95 }
    }
    /// Detections of an image and class that are looked at.
    public var limit: Int { self == .coco ? 100 : .max }
    /// The recalls at which precision is read; `nil` for the area.
    var recalls: [Double]? {
      switch self {
      case .voc2007: (0...10).map { Double($0) / 10 }
      case .voc2010: nil
      case .coco: (0...100).map { 0.01 * Double($0) }
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
    var curve: [Point] = []
    let values = classes.compactMap { precision(of: $0, weights, &curve) }
    return values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
  }

  /// The average precision of every class, 0…1; `nil` for a class without boxes.
  public var perClass: [Double?] {
    let weights = Array(repeating: 1, count: images)
    var curve: [Point] = []
    return classes.map { precision(of: $0, weights, &curve) }
  }

  /// The mean over classes at one of the rule's thresholds; `nil` where no class has boxes.
  public func value(threshold: Int) -> Double? {
    let single = classes.map { one in
      var one = one
      one.verdicts = [one.verdicts[threshold]]
      return one
    }
    let values = AveragePrecision(images: images, classes: single, by: rule).perClass.compactMap { $0 }
    return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }

  /// The mean over classes and thresholds of the share of boxes that were found; `nil` where no class has boxes.
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

  /// The mean over thresholds for one class; `curve` is room to work in.
  private func precision(of one: Class, _ weights: [Int], _ curve: inout [Point]) -> Double? {
    let boxes = zip(one.boxImages, one.boxCounts).reduce(0) { $0 + $1.1 * weights[$1.0] }
    guard boxes > 0 else { return nil }
    var sum = 0.0
    for verdicts in one.verdicts { sum += precision(one.images, verdicts, boxes: boxes, weights, &curve) }
    return sum / Double(one.verdicts.count)
  }

  private func precision(
    _ found: [Int], _ verdicts: [Verdict], boxes: Int, _ weights: [Int], _ curve: inout [Point]
  ) -> Double {
    var (right, wrong) = (0, 0)
    curve.removeAll(keepingCapacity: true)
    for (image, verdict) in zip(found, verdicts) where weights[image] > 0 {
      switch verdict {
      case .uncounted: continue
      case .wrong: wrong += weights[image]
      case .right:
        right += weights[image]
        // Of one recall, the point where it is reached has the best precision.
        curve.append(
          Point(recall: Double(right) / Double(boxes), precision: Double(right) / Double(right + wrong)))
      }
    }
    // From the end, the best precision at this recall or a higher one.
    var best = 0.0
    for index in curve.indices.reversed() {
      best = max(best, curve[index].precision)
      curve[index].precision = best
    }
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
}

/// How a detector did: what became of each detection, so that two detectors can be compared over images.
public struct DetectionDetails: TaskDetails {
  public static let task = "detection"
  public static let metric = AveragePrecision.kind

  public var images: Int
  /// The mean average precision, 0…1.
  public var map: Double
  /// Whose way of judging.
  public var rule: AveragePrecision.Rule
  /// The average precision of every class, 0…1; `nil` for a class without boxes.
  public var perClass: [Double?]
  /// By class, what was found and what is there.
  public var classes: [AveragePrecision.Class]

  /// What to keep of a judgement.
  public init(_ judged: AveragePrecision) {
    images = judged.images
    map = judged.value
    rule = judged.rule
    perClass = judged.perClass
    classes = judged.classes
  }

  public var value: Double { map }
  public var judged: any Metric { precision }
  public var judgedBy: String { "\(Self.metric.name) by \(rule)" }
  private var precision: AveragePrecision { AveragePrecision(images: images, classes: classes, by: rule) }

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

  /// More images than a test split has, and few enough to draw them anew a thousand times.
  private static let mostImages = 1_000_000
}

extension AveragePrecision.Class {
  /// More boxes than one image has, and few enough that sums of them stay whole.
  private static let mostBoxes = 1_000_000

  /// Checks that images are there, that those with boxes ascend, and that no image has more right detections than boxes.
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
