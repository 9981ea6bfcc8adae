public import Datasets
public import Metrics

/// A box that a detector found.
public struct Detection: Sendable, Equatable {
  /// The class.
  public var label: Int
  /// The box, in pixels.
  public var box: Box
  /// The confidence; only its order counts.
  public var score: Float

  /// Makes a detection.
  public init(label: Int, box: Box, score: Float) {
    self.label = label
    self.box = box
    self.score = score
  }
}

extension AveragePrecision {
  /// Judges detections against the true boxes; both have one list per image.
  public init(found: [[Detection]], truth: [[LabelledBox]], classes count: Int, by rule: Rule) {
    self.init(found: found, truth: truth, classes: count, by: rule, limit: rule.limit, area: nil)
  }

  /// Judges at most `limit` detections per image and class, and only things whose area in pixels is in
  /// `area`.
  init(
    found: [[Detection]], truth: [[LabelledBox]], classes count: Int, by rule: Rule, limit: Int,
    area: ClosedRange<Double>?
  ) {
    precondition(found.count == truth.count, "what was found and what is there are of the same images")
    let classes = (0..<count).map { label in
      Class(of: label, found: found, truth: truth, by: rule, limit: limit, area: area)
    }
    self.init(images: truth.count, classes: classes, by: rule)
  }
}

/// COCO's measures of a detector, computed as pycocotools does; `nil` if no class has boxes of that kind.
///
/// Areas of things are those that their annotations say, else those of boxes; areas of detections are those of
/// boxes.
///
/// **Paper** Lin et al., "Microsoft COCO: common objects in context", 2014, arXiv:1405.0312.
public struct COCOMeasures: Sendable, Equatable {
  /// The mean average precision over thresholds 0.5, 0.55, …, 0.95, then at 0.5 and at 0.75.
  public let (precision, precision50, precision75): (Double?, Double?, Double?)
  /// The mean average precision for things of at most 1024 square pixels, of 1024 to 9216, and of at least
  /// 9216.
  public let (small, medium, large): (Double?, Double?, Double?)
  /// The mean share of things found by at most 1, 10 and 100 detections per image and class.
  public let (recall1, recall10, recall100): (Double?, Double?, Double?)
  /// The mean share of things found, for the same three ranges of area.
  public let (smallRecall, mediumRecall, largeRecall): (Double?, Double?, Double?)

  /// Judges detections against the true boxes, both in pixels of the images as stored.
  public init(found: [[Detection]], truth: [[LabelledBox]], classes: Int) {
    func judged(_ limit: Int, _ area: ClosedRange<Double>? = nil) -> AveragePrecision {
      AveragePrecision(found: found, truth: truth, classes: classes, by: .coco, limit: limit, area: area)
    }
    func mean(_ judged: AveragePrecision) -> Double? {
      let values = judged.perClass.compactMap { $0 }
      return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }
    let all = judged(100)
    (precision, precision50, precision75) = (mean(all), all.value(threshold: 0), all.value(threshold: 5))
    let areas = [judged(100, 0...1024), judged(100, 1024...9216), judged(100, 9216...1e10)]
    (small, medium, large) = (mean(areas[0]), mean(areas[1]), mean(areas[2]))
    (recall1, recall10, recall100) = (judged(1).recall, judged(10).recall, all.recall)
    (smallRecall, mediumRecall, largeRecall) = (areas[0].recall, areas[1].recall, areas[2].recall)
  }
}

extension AveragePrecision.Class {
  fileprivate init(
    of label: Int, found: [[Detection]], truth: [[LabelledBox]], by rule: AveragePrecision.Rule, limit: Int,
    area: ClosedRange<Double>?
  ) {
    let thresholds = rule.thresholds
    self.init(thresholds: thresholds.count)
    var all: [(score: Float, image: Int, verdicts: [AveragePrecision.Verdict])] = []
    for image in truth.indices {
      let boxes = truth[image].filter { $0.label == label }
      let isIgnored = boxes.map { $0.isDifficult || $0.isCrowd || !Self.isOf(area, $0) }
      let counted = isIgnored.count { !$0 }
      if counted > 0 {
        boxImages.append(image)
        boxCounts.append(counted)
      }
      let detections = Self.sorted(found[image].filter { $0.label == label }) { $0.score }.prefix(limit)
      let places = detections.map(\.box)
      let verdicts: [[AveragePrecision.Verdict]]
      if rule == .coco {
        let overlaps = places.map { box in boxes.map { box.exactOverlap(with: $0) } }
        verdicts = thresholds.map { threshold in
          zip(Self.cocoVerdicts(overlaps, boxes, isIgnored, atLeast: threshold), places).map { verdict, box in
            verdict == .wrong && !Self.isOf(area, box) ? .uncounted : verdict
          }
        }
      } else {
        verdicts = thresholds.map { Self.vocVerdicts(on: places, boxes, isIgnored, atLeast: Float($0)) }
      }
      for (place, detection) in detections.enumerated() {
        all.append((detection.score, image, verdicts.map { $0[place] }))
      }
    }
    let ordered = Self.sorted(all) { $0.score }
    images = ordered.map(\.image)
    verdicts = thresholds.indices.map { threshold in ordered.map { $0.verdicts[threshold] } }
  }

  private static func isOf(_ area: ClosedRange<Double>?, _ thing: LabelledBox) -> Bool {
    guard let area, let mask = thing.maskArea else { return isOf(area, thing.box) }
    return area.contains(Double(mask))
  }

  private static func isOf(_ area: ClosedRange<Double>?, _ box: Box) -> Bool {
    area.map { $0.contains(box.exactArea) } ?? true
  }

  /// Returns the elements by descending score; equal ones keep their order.
  private static func sorted<Element>(_ elements: [Element], by score: (Element) -> Float) -> [Element] {
    elements.indices.sorted { (score(elements[$1]), $0) < (score(elements[$0]), $1) }.map { elements[$0] }
  }

  /// Returns the verdict on each box, in the order of scores, by VOC's rule.
  ///
  /// A box is compared with the true box that it overlaps most, the first among equals.
  private static func vocVerdicts(
    on found: [Box], _ truth: [LabelledBox], _ isIgnored: [Bool], atLeast threshold: Float
  ) -> [AveragePrecision.Verdict] {
    var isFound = [Bool](repeating: false, count: truth.count)
    return found.map { box in
      let overlaps = truth.map { box.overlap(with: $0.box) }
      let candidates = truth.indices.filter { overlaps[$0] >= threshold }
      guard let best = candidates.max(by: { (overlaps[$0], $1) < (overlaps[$1], $0) }) else { return .wrong }
      if isIgnored[best] { return .uncounted }
      guard !isFound[best] else { return .wrong }
      isFound[best] = true
      return .right
    }
  }

  /// Returns the verdict on each box, in the order of scores, by COCO's rule.
  ///
  /// A box takes the free true box that it overlaps most, the last among equals, and an ignored one only if
  /// there is no other. Crowds stay free.
  private static func cocoVerdicts(
    _ overlaps: [[Double]], _ truth: [LabelledBox], _ isIgnored: [Bool], atLeast threshold: Double
  ) -> [AveragePrecision.Verdict] {
    let order = truth.indices.filter { !isIgnored[$0] } + truth.indices.filter { isIgnored[$0] }
    var isFound = [Bool](repeating: false, count: truth.count)
    return overlaps.map { overlaps in
      var (most, match): (Double, Int?) = (min(threshold, 1 - 1e-10), nil)
      for place in order where !isFound[place] || truth[place].isCrowd {
        if let match, !isIgnored[match], isIgnored[place] { break }
        if overlaps[place] >= most { (most, match) = (overlaps[place], place) }
      }
      guard let match else { return .wrong }
      isFound[match] = true
      return isIgnored[match] ? .uncounted : .right
    }
  }
}

extension Box {
  /// The area in double precision, exact for whole pixels.
  fileprivate var exactArea: Double {
    max(Double(right) - Double(left), 0) * max(Double(bottom) - Double(top), 0)
  }

  /// Returns the intersection over union with a thing, in double precision.
  ///
  /// For a crowd it is the share of this box that lies in it.
  fileprivate func exactOverlap(with thing: LabelledBox) -> Double {
    let other = thing.box
    let common = Box(
      left: max(left, other.left), top: max(top, other.top), right: min(right, other.right),
      bottom: min(bottom, other.bottom)
    ).exactArea
    let union = thing.isCrowd ? exactArea : exactArea + other.exactArea - common
    return union > 0 ? common / union : 0
  }
}
