public import Datasets
public import Metrics

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

extension AveragePrecision {
  /// Judges what was found in some images by what is there; both have one list an image.
  public init(found: [[Detection]], truth: [[LabelledBox]], classes count: Int, by rule: Rule) {
    self.init(found: found, truth: truth, classes: count, by: rule, limit: rule.limit, area: nil)
  }

  /// The same of at most `limit` detections an image and class, and of things of an area in pixels, its bounds included.
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

/// COCO's figures of a detector, as pycocotools finds them; `nil` where no class has boxes of the kind.
///
/// **Paper** Lin et al., "Microsoft COCO: common objects in context", 2014, arXiv:1405.0312.
public struct COCOMeasures: Sendable, Equatable {
  /// The mean average precision over overlaps 0.5, 0.55, …, 0.95, and at 0.5 and 0.75.
  public let (precision, precision50, precision75): (Double?, Double?, Double?)
  /// That of things of at most 1,024 pixels, of 1,024 to 9,216, and of at least 9,216.
  public let (small, medium, large): (Double?, Double?, Double?)
  /// The mean share of things that are found by at most 1, 10 and 100 detections an image and class.
  public let (recall1, recall10, recall100): (Double?, Double?, Double?)
  /// That of things of these areas.
  public let (smallRecall, mediumRecall, largeRecall): (Double?, Double?, Double?)

  /// Judges what was found in some images by what is there, in the pixels of the images as stored.
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
      let isIgnored = boxes.map { $0.isDifficult || $0.isCrowd || !Self.isOf(area, $0.box) }
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

  private static func isOf(_ area: ClosedRange<Double>?, _ box: Box) -> Bool {
    area.map { $0.contains(box.exactArea) } ?? true
  }

  /// The elements by descending score; equal ones stay in their order.
  private static func sorted<Element>(_ elements: [Element], by score: (Element) -> Float) -> [Element] {
    elements.indices.sorted { (score(elements[$1]), $0) < (score(elements[$0]), $1) }.map { elements[$0] }
  }

  /// What becomes of each box, in the order of scores: it looks at the box that it overlaps most, of equal ones the first.
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

  /// What becomes of each box, in the order of scores: it takes the free box that it overlaps most, of equal ones the last; one that
  /// does not count only where there is none else. Crowds are always free.
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
  /// Its area, exact for whole pixels.
  fileprivate var exactArea: Double {
    max(Double(right) - Double(left), 0) * max(Double(bottom) - Double(top), 0)
  }

  /// How much it and a thing are the same, in double precision; of a crowd how much of this box lies in it.
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
