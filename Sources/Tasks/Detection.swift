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
    precondition(found.count == truth.count, "what was found and what is there are of the same images")
    let classes = (0..<count).map { label in
      Class(of: label, found: found, truth: truth, by: rule)
    }
    self.init(images: truth.count, classes: classes, by: rule)
  }
}

extension AveragePrecision.Class {
  fileprivate init(
    of label: Int, found: [[Detection]], truth: [[LabelledBox]], by rule: AveragePrecision.Rule
  ) {
    let thresholds = rule.thresholds
    self.init(thresholds: thresholds.count)
    var all: [(score: Float, image: Int, verdicts: [AveragePrecision.Verdict])] = []
    for image in truth.indices {
      let boxes = truth[image].filter { $0.label == label }
      let counted = boxes.count { !$0.isDifficult }
      if counted > 0 {
        boxImages.append(image)
        boxCounts.append(counted)
      }
      let detections = Self.sorted(found[image].filter { $0.label == label }) { $0.score }.prefix(rule.limit)
      let verdicts = thresholds.map { rule.verdicts(on: detections.map(\.box), boxes, atLeast: $0) }
      for (place, detection) in detections.enumerated() {
        all.append((detection.score, image, verdicts.map { $0[place] }))
      }
    }
    let ordered = Self.sorted(all) { $0.score }
    images = ordered.map(\.image)
    verdicts = thresholds.indices.map { threshold in ordered.map { $0.verdicts[threshold] } }
  }

  /// The elements by descending score; equal ones stay in their order.
  private static func sorted<Element>(_ elements: [Element], by score: (Element) -> Float) -> [Element] {
    elements.indices.sorted { (score(elements[$1]), $0) < (score(elements[$0]), $1) }.map { elements[$0] }
  }
}

extension AveragePrecision.Rule {
  /// What becomes of each box, in the order of scores.
  fileprivate func verdicts(
    on found: [Box], _ truth: [LabelledBox], atLeast threshold: Float
  ) -> [AveragePrecision.Verdict] {
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
      guard let best = candidates.max(by: { (overlaps[$0], $1) < (overlaps[$1], $0) }) else { return .wrong }
      if truth[best].isDifficult { return .uncounted }
      guard !isFound[best] else { return .wrong }
      isFound[best] = true
      return .right
    }
  }
}
