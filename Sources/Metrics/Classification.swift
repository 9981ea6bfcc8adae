import Foundation

/// The share of images whose class the network predicts correctly.
public struct Top1Accuracy: Metric {
  /// Named `top-1` in tables and `top1` in files; higher is better.
  public static let kind = MetricKind(
    name: "top-1", key: "top1", isHigherBetter: true,
    meaning: "the share of images told right")

  private let isCorrect: [Bool]

  /// Makes the metric from one value per image: true if its class was predicted correctly.
  public init(_ isCorrect: [Bool]) { self.isCorrect = isCorrect }

  /// The number of images that were judged.
  public var images: Int { isCorrect.count }
  /// The contributions: 1 for a correct image, 0 for any other.
  public var contributions: [Double]? { isCorrect.map { $0 ? 1 : 0 } }

  /// Returns `Σ_i weights[i]·correct[i] / Σ_i weights[i]`.
  public func value(weights: [Int]) -> Double {
    var (right, all) = (0, 0)
    for (isRight, weight) in zip(isCorrect, weights) {
      all += weight
      if isRight { right += weight }
    }
    return Double(right) / Double(max(all, 1))
  }
}

/// The results of a classifier on a set of images; rates are fractions in 0...1.
public struct ClassificationDetails: TaskDetails {
  /// The name in files: `classification`.
  public static let task = "classification"
  /// The top-1 accuracy.
  public static let metric = Top1Accuracy.kind

  /// The number of images that were judged.
  public var images: Int
  /// The share of images whose true class has the highest score.
  public var top1: Double
  /// The share of images whose true class is among the five highest scores.
  public var top5: Double
  /// The mean cross-entropy, in nats.
  public var loss: Double
  /// The expected calibration error.
  public var ece: Double
  /// The recall of each class; 0 for a class without images.
  public var perClass: [Double]
  /// The confusion matrix as image counts; rows are true classes, columns predicted ones.
  public var confusion: [[Int]]
  /// One bit per image in the data set's order, set if it was predicted correctly.
  ///
  /// The bits are packed with the least significant first and written in base64.
  public var correct: String

  /// Makes the results; nothing is checked.
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

  /// Returns the form in which `correct` holds one value per image.
  public static func text(of correct: [Bool]) -> String {
    var bytes = [UInt8](repeating: 0, count: (correct.count + 7) / 8)
    for (image, isRight) in correct.enumerated() where isRight { bytes[image / 8] |= 1 << UInt8(image % 8) }
    return Data(bytes).base64EncodedString()
  }

  /// The top-1 accuracy.
  public var value: Double { top1 }

  /// The top-1 accuracy of the images whose bits `correct` holds.
  public var judged: any Metric {
    let bits = [UInt8](Data(base64Encoded: correct) ?? Data())
    return Top1Accuracy((0..<images).map { bits[$0 >> 3] >> UInt8($0 & 7) & 1 == 1 })
  }

  /// Throws if a value is out of its range, an array's length does not match, or the counts contradict each
  /// other.
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

  /// Checks the length of the bit set, and that its count agrees with `top1` and the confusion matrix.
  private func validateCorrect(_ check: FieldCheck) throws(FieldProblem) {
    let bits = try check.base64(correct, "correct")
    let bytes = (images + 7) / 8
    guard bits.count == bytes else {
      throw check.fail("correct", "expected \(bytes) bytes for \(images) images, found \(bits.count)")
    }
    guard images & 7 == 0 || bits[bytes - 1] >> UInt8(images & 7) == 0 else {
      throw check.fail("correct", "has bits behind the last of \(images) images")
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
