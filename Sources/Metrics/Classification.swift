import Foundation

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

/// How a classifier did. Rates are fractions 0…1.
public struct ClassificationDetails: TaskDetails {
  public static let task = "classification"
  public static let metric = Top1Accuracy.kind

  public var images: Int
  /// The share of images whose own class has the highest score.
  public var top1: Double
  /// The share of images whose own class is among the five highest.
  public var top5: Double
  /// The mean cross-entropy.
  public var loss: Double
  /// Expected calibration error.
  public var ece: Double
  /// Recall by class.
  public var perClass: [Double]
  /// Rows are the truth, columns what was predicted.
  public var confusion: [[Int]]
  /// Whether each image was told right, in the data set's order: one bit each, least significant first, base64.
  public var correct: String

  public init(
    images: Int, top1: Double, top5: Double, loss: Double, ece: Double, perClass: [Double],
    confusion: [[Int]], correct: String
  ) {
    self.images = images
    self.top1 = top1
    self.top5 = top5
    self.loss = loss
    self.ece = ece
    self.perClass = perClass
    self.confusion = confusion
    self.correct = correct
  }

  /// Bits as `correct` holds them.
  public static func text(of correct: [Bool]) -> String {
    var bytes = [UInt8](repeating: 0, count: (correct.count + 7) / 8)
    for (image, isRight) in correct.enumerated() where isRight { bytes[image / 8] |= 1 << UInt8(image % 8) }
    return Data(bytes).base64EncodedString()
  }

  public var value: Double { top1 }

  public var judged: any Metric {
    let bits = [UInt8](Data(base64Encoded: correct) ?? Data())
    return Top1Accuracy((0..<images).map { bits[$0 >> 3] >> UInt8($0 & 7) & 1 == 1 })
  }

  public func validate(classes: Int) throws(FieldProblem) {
    let check = FieldCheck()
    try check.count(images, "images", least: 1)
    for (value, field) in [(top1, "top1"), (top5, "top5"), (ece, "ece")] { try check.rate(value, field) }
    try check.amount(loss, "loss")
    try check.size(perClass.count, expected: classes, "perClass")
    try check.each(perClass, "perClass") { (rate, field) throws(FieldProblem) in try check.rate(rate, field) }
    try validateConfusion(check, classes: classes)
    try validateCorrect(check)
  }

  private func validateConfusion(_ check: FieldCheck, classes: Int) throws(FieldProblem) {
    try check.size(confusion.count, expected: classes, "confusion")
    var total = 0
    for (truth, row) in confusion.enumerated() {
      let field = "confusion[\(truth)]"
      try check.size(row.count, expected: classes, field)
      for (predicted, count) in row.enumerated() {
        guard count >= 0, count <= images - total else {
          throw check.fail(
            "\(field)[\(predicted)]", "expected \(images) images in all, none negative, found \(count)")
        }
        total += count
      }
    }
    guard total == images else {
      throw check.fail("confusion", "expected \(images) images in all, found \(total)")
    }
  }

  /// The bit set, its length, and that it counts as many images right as `top1` and the confusion matrix do.
  private func validateCorrect(_ check: FieldCheck) throws(FieldProblem) {
    let bits = try check.base64(correct, "correct")
    let bytes = (images + 7) / 8
    guard bits.count == bytes else {
      throw check.fail("correct", "expected \(bytes) bytes for \(images) images, found \(bits.count)")
    }
    let right = bits.reduce(0) { $0 + $1.nonzeroBitCount }
    let diagonal = confusion.indices.reduce(0) { $0 + confusion[$1][$1] }
    guard right == diagonal else {
      throw check.fail("correct", "has \(right) images told right, the confusion matrix \(diagonal)")
    }
    guard abs(top1 * Double(images) - Double(right)) < 0.5 else {
      throw check.fail("top1", "is \(top1), but \(right) of \(images) images were told right")
    }
  }
}
