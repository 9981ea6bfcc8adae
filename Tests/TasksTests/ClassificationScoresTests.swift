import Datasets
import Foundation
import Graphs
import Metrics
import Testing

@testable import Tasks

@Suite("Scores of classifiers")
struct ClassificationScoresTests {
  private static func metrics(_ rows: [(logits: [Float], label: Int)]) -> ClassificationScores {
    var metrics = ClassificationScores(classes: rows[0].logits.count)
    for (logits, label) in rows { metrics.add(logits: logits.span, row: 0..<logits.count, label: label) }
    return metrics
  }

  @Test("Counts, recall and confusion equal those by hand")
  func counts() {
    let found = Self.metrics([
      ([5, 1, 1], 0), ([1, 5, 1], 0), ([1, 5, 1], 1), ([1, 5, 4], 1), ([0, 1, 3], 0),
    ])
    #expect(found.images == 5)
    #expect((0..<3).map(found.confusion) == [[1, 1, 1], [0, 2, 0], [0, 0, 0]])
    #expect(found.recall == [1.0 / 3, 1, nil])
    #expect(found.top1 == 0.6)
    #expect(found.top5 == 1)
  }

  @Test("As many classes as a data set may have cost no table of classes by classes")
  func manyClasses() {
    let classes = Dataset.maximumClasses
    #expect(classes == Model.maximumClasses)
    var metrics = ClassificationScores(classes: classes)
    let logits = [Float](repeating: 0, count: classes)
    metrics.add(logits: logits.span, row: 0..<classes, label: classes - 1)
    #expect(metrics.top1 == 0 && metrics.recall[classes - 1] == 0 && metrics.recall[0] == nil)
    #expect(metrics.confusion(of: classes - 1)[0] == 1)
  }

  @Test("A class within the five largest logits counts for top-5, ties going to the smaller index")
  func topFive() {
    let logits: [Float] = [6, 5, 4, 3, 2, 2, 1]
    let found = (0..<7).map { Self.metrics([(logits, $0)]).top5 }
    #expect(found == [1, 1, 1, 1, 1, 0, 0])
  }

  @Test("The loss is the mean negative log-likelihood")
  func loss() {
    let found = Self.metrics([([Float(log(3.0)), 0], 0), ([Float(log(3.0)), 0], 1)])
    #expect(abs(found.crossEntropy - (-log(0.75) - log(0.25)) / 2) < 1e-6)
  }

  /// The numbers are computed by hand.
  ///
  /// Three images have confidence 0.75 (bin 12 of 15), two of them right: |2/3 - 0.75|. One has 0.9 (bin 14)
  /// and is right:
  /// |1 - 0.9|.
  @Test("The calibration error equals the one by hand")
  func calibration() {
    let quarter = Float(log(3.0))
    let found = Self.metrics([
      ([quarter, 0], 0), ([quarter, 0], 0), ([quarter, 0], 1), ([0, Float(log(9.0))], 1),
    ])
    #expect(abs(found.expectedCalibrationError - (abs(2 - 2.25) + 0.1) / 4) < 1e-6)
  }

  @Test("Logits that are not finite are counted, not trapped on")
  func notFinite() {
    let found = Self.metrics([([.nan, .nan], 1), ([.infinity, 0], 0)])
    #expect(found.images == 2)
    #expect(!found.crossEntropy.isFinite)
  }

  @Test("What is kept of each image are bits, least significant first, over bytes")
  func bits() throws {
    let right = [true, false, true, false, false, false, false, false, false, true]
    let text = ClassificationDetails.text(of: right)
    #expect(Data(base64Encoded: text) == Data([0b0000_0101, 0b10]))
    var scores = ClassificationScores(classes: 2)
    for isRight in right { scores.add(logits: [isRight ? 1 : 0, 0.5].span, row: 0..<2, label: 0) }
    let details = scores.details
    try details.validate(classes: 2)
    #expect(details.judged.contributions == right.map { $0 ? 1 : 0 } && details.value == 0.3)
  }
}
