public import Datasets
import Foundation
public import Images
public import Metrics
import Settings
import Tensors

/// The scores of a classifier, accumulated image by image.
///
///     var scores = ClassificationScores(classes: 10)
///     scores.add(logits: values.span, row: 0..<10, label: 3)
///     print(scores.top1, scores.expectedCalibrationError)
public struct ClassificationScores: Sendable, Equatable {
  /// The number of bins of confidence for the calibration error.
  public static let binCount = 15

  /// The number of classes.
  public let classes: Int
  /// The number of images that were scored.
  public private(set) var images = 0
  // The predictions of each class's images, by predicted class: memory grows with images, not with classes
  // squared.
  private var calls: [[Int: Int]]
  private var lossSum = 0.0
  private var withinFive = 0
  private var bins = Array(repeating: Bin(), count: binCount)
  private var isCorrect: [Bool] = []
  private var probabilities: [Double]

  private struct Bin: Sendable, Equatable {
    var images = 0
    var correct = 0
    var confidence = 0.0
  }

  /// Makes scores without images.
  public init(classes: Int) {
    self.classes = classes
    calls = Array(repeating: [:], count: classes)
    probabilities = Array(repeating: 0, count: classes)
  }

  /// The prediction for one image.
  public struct Prediction: Sendable, Equatable {
    /// The class with the largest logit.
    public var label: Int
    /// The probability of this class.
    public var confidence: Double
  }

  /// Adds an image by its logits, the entries `row` of the span; returns the prediction.
  @discardableResult
  public mutating func add(logits: Span<Float>, row: Range<Int>, label: Int) -> Prediction {
    let predicted = LogitRow.argmax(logits, row)
    let normalizer = LogitRow.softmax(logits, row, into: &probabilities)
    let confidence = probabilities[predicted]
    images += 1
    isCorrect.append(predicted == label)
    lossSum += normalizer - Double(logits[row.lowerBound + label])
    calls[label][predicted, default: 0] += 1
    if LogitRow.rank(logits, row, of: label) < 5 { withinFive += 1 }
    let position = confidence.isFinite ? Int((confidence * Double(Self.binCount)).rounded(.up)) - 1 : 0
    let bin = min(max(position, 0), Self.binCount - 1)
    bins[bin].images += 1
    bins[bin].confidence += confidence
    if predicted == label { bins[bin].correct += 1 }
    return Prediction(label: predicted, confidence: confidence)
  }

  /// The share of images whose class has the largest logit; 0 without images.
  public var top1: Double { share(calls.indices.reduce(0) { $0 + (calls[$1][$1] ?? 0) }) }
  /// The share of images whose class is among the five largest logits; 0 without images.
  public var top5: Double { share(withinFive) }
  /// The mean cross-entropy in nats; 0 without images.
  public var crossEntropy: Double { images == 0 ? 0 : lossSum / Double(images) }

  /// True if scores can be computed: no logit was infinite or not a number in a way that reached the loss or
  /// the confidence.
  public var isFinite: Bool { crossEntropy.isFinite && expectedCalibrationError.isFinite }

  /// The share of each class's images that were predicted as it; `nil` for a class without images.
  public var recall: [Double?] {
    calls.enumerated().map { label, calls in
      let total = calls.values.reduce(0, +)
      return total == 0 ? nil : Double(calls[label] ?? 0) / Double(total)
    }
  }

  /// Returns a row of the confusion matrix: the number of images of class `label` predicted as each class.
  public func confusion(of label: Int) -> [Int] { (0..<classes).map { calls[label][$0] ?? 0 } }

  /// The expected calibration error: the mean distance between confidence and accuracy.
  ///
  /// **Formula** `Σ_b n_b/N · |accuracy_b - confidence_b|` over 15 bins of equal width, `((b-1)/15, b/15]`.
  ///
  /// **Paper** Guo, Pleiss, Sun, Weinberger, "On calibration of modern neural networks", ICML 2017,
  /// arXiv:1706.04599.
  public var expectedCalibrationError: Double {
    guard images > 0 else { return 0 }
    return bins.reduce(0) { $0 + abs(Double($1.correct) - $1.confidence) } / Double(images)
  }

  private func share(_ count: Int) -> Double { images == 0 ? 0 : Double(count) / Double(images) }
}

extension ClassificationScores: TaskScores {
  /// The mean cross-entropy.
  public var loss: Double? { crossEntropy }
  /// The top-1 accuracy.
  public var value: Double { top1 }

  /// The results as `ClassificationDetails`; the recall of a class without images is 0.
  public var details: any TaskDetails {
    ClassificationDetails(
      images: images, top1: top1, top5: top5, loss: crossEntropy, ece: expectedCalibrationError,
      perClass: recall.map { $0 ?? 0 }, confusion: (0..<classes).map { confusion(of: $0) },
      correct: ClassificationDetails.text(of: isCorrect))
  }

  /// Adds an image whose annotation is its class, and returns the prediction.
  public mutating func add(
    _ outputs: HeadOutputs, image: Int, truth: Annotation, size: ImageSize?
  ) -> Finding {
    let (scores, label) = (outputs.buffers[0], Classification.label(truth))
    let prediction = add(logits: scores.floats, row: outputs.row(of: image), label: label)
    return Finding(
      said: .label(prediction.label), confidence: prediction.confidence, isRight: prediction.label == label)
  }

  /// Returns the figures, with recall and the most frequent error of each class in the lines.
  public func report(classes names: [String]) -> TaskReport {
    let recalls = recall
    let rows = names.indices.map(confusion)
    let perClass = names.indices.map { label in
      SettingsNode(mapping: [
        "class": names[label].node, "images": rows[label].reduce(0, +).node, "recall": recalls[label].node,
      ])
    }
    return TaskReport(
      figures: SettingsNode(mapping: [
        "top1": top1.node, "top5": top5.node, "loss": crossEntropy.node,
        "ece": expectedCalibrationError.node,
        "perClass": SettingsNode(.list(perClass)), "confusion": rows.node,
      ]),
      line: String(
        format: "top-1 %.2f %%, top-5 %.2f %%, loss %.4f, calibration error %.2f %%", 100 * top1, 100 * top5,
        crossEntropy, 100 * expectedCalibrationError),
      lines: ["recall, and what each class was called most often otherwise:"]
        + names.indices.map { line(of: $0, recalls[$0], rows[$0], names) })
  }

  private func line(of label: Int, _ recall: Double?, _ row: [Int], _ names: [String]) -> String {
    let width = max(1, min(30, names.map(\.count).max() ?? 0))
    let name = names[label].padding(toLength: width, withPad: " ", startingAt: 0)
    guard let recall else { return "  \(name)  no images" }
    let line = "  \(name)  " + String(format: "%6.2f %%", 100 * recall)
    let others = row.indices.filter { $0 != label && row[$0] > 0 }
    guard let most = others.max(by: { row[$0] < row[$1] }) else { return line }
    return line + "  \(names[most]) (\(row[most]))"
  }
}
