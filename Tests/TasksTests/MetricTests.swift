import Datasets
import Metrics
import Tasks
import Tensors
import Testing

@Suite("Metrics")
struct MetricTests {
  private static func box(_ left: Float, _ top: Float = 0, side: Float = 10) -> Box {
    Box(left: left, top: top, right: left + side, bottom: top + side)
  }

  private static func found(_ left: Float, _ score: Float, label: Int = 0) -> Detection {
    Detection(label: label, box: box(left), score: score)
  }

  private static func thing(_ left: Float, label: Int = 0, isDifficult: Bool = false) -> LabelledBox {
    LabelledBox(label: label, box: box(left), isDifficult: isDifficult)
  }

  @Test("The overlap of boxes is the area of both over that of either")
  func overlap() {
    #expect(Self.box(0).overlap(with: Self.box(0)) == 1)
    #expect(Self.box(0).overlap(with: Self.box(5)) == Float(50) / 150)
    #expect(Self.box(0).overlap(with: Self.box(10)) == 0)
    #expect(Self.box(0, side: 0).overlap(with: Self.box(0, side: 0)) == 0)
  }

  /// Three boxes in two images, whose findings are, by score: right, wrong, right, wrong, right.
  ///
  /// At the right ones the precision is 1, 2/3, 3/5, and the recall 1/3, 2/3, 1.
  private static let found = [
    [found(0, 0.9), found(50, 0.8), found(20, 0.7)], [found(90, 0.6), found(0, 0.5)],
  ]
  private static let truth = [[thing(0), thing(20)], [thing(0)]]

  @Test("Average precision of a worked example, by area and by eleven points")
  func example() {
    let area = AveragePrecision(found: Self.found, truth: Self.truth, classes: 1, by: .voc2010)
    #expect(abs(area.value - (1 + 2.0 / 3 + 3.0 / 5) / 3) < 1e-12)
    // At recalls 0 to 0.3 the precision is 1, at 0.4 to 0.6 2/3, at 0.7 to 1 3/5.
    let points = AveragePrecision(found: Self.found, truth: Self.truth, classes: 1, by: .voc2007)
    #expect(abs(points.value - (4 + 3 * 2.0 / 3 + 4 * 3.0 / 5) / 11) < 1e-12)
    // At recalls 0 to 0.33 the precision is 1, at 0.34 to 0.66 2/3, at 0.67 to 1 3/5. Boxes are exact, so
    // this holds for every threshold.
    let coco = AveragePrecision(found: Self.found, truth: Self.truth, classes: 1, by: .coco)
    #expect(abs(coco.value - (34 + 33 * 2.0 / 3 + 34 * 3.0 / 5) / 101) < 1e-12)
  }

  @Test("The area under the curve of a class is its average precision")
  func curve() {
    let area = AveragePrecision(found: Self.found, truth: Self.truth, classes: 2, by: .voc2010)
    let curve = area.curve(of: 0)
    #expect(curve.map(\.recall) == [1.0 / 3, 2.0 / 3, 1])
    #expect(curve.map(\.precision) == [1, 2.0 / 3, 3.0 / 5])
    #expect(area.curve(of: 1).isEmpty)
    var (sum, before) = (0.0, 0.0)
    for point in curve {
      sum += (point.recall - before) * point.precision
      before = point.recall
    }
    #expect(abs(sum - area.value) < 1e-12)
  }

  @Test(
    "A box is found once; what falls on a difficult box counts nothing; classes without boxes are left out")
  func rules() {
    func value(_ found: [Detection], _ truth: [LabelledBox], _ rule: AveragePrecision.Rule) -> Double {
      AveragePrecision(found: [found], truth: [truth], classes: 2, by: rule).value
    }
    // The second finding of the box is wrong, but all boxes are already found.
    #expect(value([Self.found(0, 0.9), Self.found(0, 0.8)], [Self.thing(0)], .voc2010) == 1)
    // Before the last box is found, a wrong finding reduces precision.
    let twice = [Self.found(0, 0.9), Self.found(1, 0.8), Self.found(40, 0.7)]
    let costly = value(twice, [Self.thing(0), Self.thing(40)], .voc2010)
    #expect(abs(costly - 5.0 / 6) < 1e-12)
    let hard = [Self.thing(0), Self.thing(20, isDifficult: true)]
    let ignored = value([Self.found(20, 0.9), Self.found(0, 0.8)], hard, .voc2010)
    #expect(ignored == 1)
    #expect(value([Self.found(0, 0.9, label: 1)], [Self.thing(0)], .voc2010) == 0)
    #expect(value([], [], .voc2010) == 0)
    // The two boxes overlap: VOC compares with the nearest one only, COCO takes the next free one.
    let truth = [Self.thing(0), Self.thing(2)]
    let found = [Self.found(0, 0.9), Self.found(0, 0.8)]
    #expect(value(found, truth, .voc2010) == 0.5)
    #expect(value(found, truth, .coco) > 0.5)
  }

  @Test("A weight is as many copies of the image")
  func weights() {
    var random = SeededRandom(seed: 4, purpose: "boxes")
    func boxes(_ count: Int) -> [Box] {
      (0..<count).map { _ in Self.box(Float(random.below(60)), Float(random.below(30)), side: 12) }
    }
    let truth = (0..<6).map { _ in boxes(3).map { LabelledBox(label: random.below(2), box: $0) } }
    let found = (0..<6).map { _ in
      boxes(8).map { Detection(label: random.below(2), box: $0, score: random.uniform()) }
    }
    let weights = [2, 0, 1, 3, 1, 0]
    let copies = weights.indices.flatMap { Array(repeating: $0, count: weights[$0]) }
    for rule in [AveragePrecision.Rule.voc2007, .voc2010, .coco] {
      let weighted = AveragePrecision(found: found, truth: truth, classes: 2, by: rule).value(
        weights: weights)
      let copied = AveragePrecision(
        found: copies.map { found[$0] }, truth: copies.map { truth[$0] }, classes: 2, by: rule
      ).value
      #expect(abs(weighted - copied) < 1e-12 && copied > 0)
    }
    let top1 = Top1Accuracy([true, false, true, true])
    #expect(top1.value == 0.75 && top1.value(weights: [0, 3, 1, 0]) == 0.25)
    #expect(top1.contributions == [1, 0, 1, 1])
  }

  @Test(
    "Of draws of a mean the mean and the deviation are those of the normal law, and equal for equal numbers")
  func bootstrap() {
    var random = SeededRandom(seed: 5, purpose: "images")
    let metric = Top1Accuracy((0..<400).map { _ in random.uniform() < 0.8 })
    let draws = BootstrapDraws(images: 400, count: 4_000)
    let values = draws.values(of: metric)
    let mean = values.reduce(0, +) / 4_000
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 3_999
    let expected = metric.value * (1 - metric.value) / 400
    // The mean of 4,000 draws has an error of a sixtieth of their standard deviation, their variance of 2.2
    // %.
    #expect(abs(mean - metric.value) < expected.squareRoot() / 15)
    #expect(abs(variance / expected - 1) < 0.1)
    #expect(values == draws.values(of: metric))
    #expect(values != BootstrapDraws(images: 400, count: 4_000, seed: 1).values(of: metric))
  }
}
