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
  public var judged: any Metric { AveragePrecision(images: images, classes: classes, by: rule) }

  public func validate(classes count: Int) throws(FieldProblem) {
    let check = FieldCheck()
    try check.count(images, "images", least: 1)
    try check.rate(map, "map")
    try check.size(perClass.count, expected: count, "perClass")
    try check.each(perClass, "perClass") { (rate, field) throws(FieldProblem) in try check.rate(rate, field) }
    try check.size(classes.count, expected: count, "classes")
    try check.each(classes, "classes") { (one, field) throws(FieldProblem) in
      try check.size(one.verdicts.count, expected: rule.thresholds.count, field + ".verdicts")
      try check.each(one.verdicts, field + ".verdicts") { (verdicts, field) throws(FieldProblem) in
        try check.size(verdicts.count, expected: one.images.count, field)
      }
      try check.size(one.boxCounts.count, expected: one.boxImages.count, field + ".boxCounts")
      try check.each(one.images + one.boxImages, field + ".images") { (image, field) throws(FieldProblem) in
        guard (0..<images).contains(image) else {
          throw check.fail(field, "expected one of \(images) images, found \(image)")
        }
      }
      try check.each(one.boxCounts, field + ".boxCounts") { (boxes, field) throws(FieldProblem) in
        guard (1...Self.mostBoxes).contains(boxes) else {
          throw check.fail(field, "expected 1 to \(Self.mostBoxes) boxes, found \(boxes)")
        }
      }
    }
    let found = judged.value
    guard abs(found - map) < 1e-9 else {
      throw check.fail("map", "is \(map), but its detections give \(found)")
    }
  }

  /// More boxes than one image has, and few enough that sums of them stay whole.
  private static let mostBoxes = 1_000_000
}
