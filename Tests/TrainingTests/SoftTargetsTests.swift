import Foundation
import Graphs
import Settings
import Tensors
import TestSupport
import Testing

@testable import Datasets
@testable import Training

/// A batch of labels and their mixed targets, with logits of student and teacher.
struct LogitCase {
  let batch: Batch
  let logits: [Float]
  let teacher: [Float]

  init(labels: [Int32], partners: [Int32], shares: [Float], classes: Int) {
    batch = Batch(images: Array(repeating: 0, count: labels.count), labels: labels)
    batch.partnerLabels = partners
    batch.shares = shares
    var random = SeededRandom(seed: 3, purpose: "logits")
    logits = (0..<labels.count * classes).map { _ in 3 * random.normal() }
    teacher = (0..<labels.count * classes).map { _ in 4 * random.normal() }
  }

  func evaluate(
    _ objective: any Distiller, _ logits: [Float], smoothing: Float = 0
  ) -> (score: SoftmaxCrossEntropy.Score, gradient: [Float]) {
    var gradient = [Float](repeating: .nan, count: logits.count)
    var span = gradient.mutableSpan
    let score = objective.evaluateLogits(
      logits.span, teacher: teacher.span, of: batch, range: 0..<batch.count,
      SoftmaxCrossEntropy(smoothing: smoothing), gradient: &span)
    return (score, gradient)
  }
}

@Suite("Soft targets")
struct SoftTargetsTests {
  /// numpy, in 64 bits: z, t the logits below; p = softmax(t / 2), q = softmax(z / 2);
  /// loss = 0.25 * cross_entropy(z, [0, 2]).sum() + 0.75 * 4 * (p * (log(p) - log(q))).sum().
  @Test("Loss and gradient equal the formula")
  func golden() {
    let (logits, teacher): ([Float], [Float]) = ([2, -1, 0.5, 0.1, 0.2, 0.3], [1, 0, -1, -0.5, 2, 0.25])
    let batch = Batch(images: [0, 0], labels: [0, 2])
    var gradient = [Float](repeating: .nan, count: 6)
    var span = gradient.mutableSpan
    let score = SoftTargets(temperature: 2, weight: 0.75).evaluateLogits(
      logits.span, teacher: teacher.span, of: batch, range: 0..<2, SoftmaxCrossEntropy(), gradient: &span)
    #expect(abs(score.loss - Golden.loss) < 1e-6)
    #expect(score.correct == 2)
    for (a, b) in zip(gradient, Golden.gradient) { #expect(abs(Double(a) - b) < 1e-7) }
  }

  private enum Golden {
    static let loss = 1.0516548630668157
    static let gradient = [
      0.03568758377452835, -0.1268066072698521, 0.09111902349532366, 0.14903616898077104,
      -0.14898453528838218, -5.163369238891935e-05,
    ]
  }

  @Test(
    "The gradient is that of finite differences, with smoothing and mixed targets",
    arguments: [(Float(4), Float(0.9)), (1, 0.5), (0.5, 1), (20, 0)], [Float(0), 0.2])
  func finiteDifferences(setting: (temperature: Float, weight: Float), smoothing: Float) {
    let objective = SoftTargets(temperature: setting.temperature, weight: setting.weight)
    let example = LogitCase(labels: [3, 0, 4], partners: [1, 0, 2], shares: [0.4, 1, 0.9], classes: 5)
    let (_, gradient) = example.evaluate(objective, example.logits, smoothing: smoothing)
    let width: Float = 1 / 64
    for i in gradient.indices {
      var (above, below) = (example.logits, example.logits)
      above[i] += width
      below[i] -= width
      let losses = [above, below].map { example.evaluate(objective, $0, smoothing: smoothing).score.loss }
      let difference = (losses[0] - losses[1]) / Double(2 * width) / 3
      #expect(abs(difference - Double(gradient[i])) < 5e-4, "\(setting), \(smoothing)")
    }
  }

  @Test("Without weight it is the plain loss; a student that says what its teacher says has no divergence")
  func ends() {
    let example = LogitCase(labels: [3, 0, 4], partners: [1, 0, 2], shares: [0.4, 1, 0.9], classes: 5)
    let plain = example.evaluate(Supervised(), example.logits, smoothing: 0.1)
    let weightless = example.evaluate(
      SoftTargets(temperature: 4, weight: 0), example.logits, smoothing: 0.1)
    #expect(abs(plain.score.loss - weightless.score.loss) < 1e-12)
    #expect(plain.gradient == weightless.gradient)
    let equal = example.evaluate(SoftTargets(temperature: 4, weight: 1), example.teacher)
    #expect(abs(equal.score.loss) < 1e-5)
    #expect(equal.gradient.allSatisfy { abs($0) < 1e-6 })
  }

  @Test("A loss that is not finite stays so, whatever its weight")
  func notFinite() {
    let example = LogitCase(labels: [1], partners: [1], shares: [1], classes: 3)
    for bad in [Float.nan, .infinity, -.infinity] {
      let score = example.evaluate(SoftTargets(temperature: 4, weight: 1), [0, bad, 1]).score
      #expect(!score.loss.isFinite, "\(bad)")
    }
  }
}

@Suite("Objectives in recipes")
struct ObjectiveSettingsTests {
  private static func read(_ yaml: String) throws -> any Distiller {
    try DistillerCatalogue.read(SettingsNode(yaml: yaml, source: "test"))
  }

  @Test(
    "What is read is written with defaults filled, and read again",
    arguments: [
      ("supervised", "{\"supervised\":{}}"),
      ("soft-targets", "{\"soft-targets\":{\"temperature\":4.0,\"weight\":0.9}}"),
      ("{soft-targets: {temperature: 2}}", "{\"soft-targets\":{\"temperature\":2.0,\"weight\":0.9}}"),
      (
        "{attention: {pairs: {a: b, c: c}, base: {soft-targets: {weight: 0.5}}}}",
        "{\"attention\":{\"base\":{\"soft-targets\":{\"temperature\":4.0,\"weight\":0.5}},"
          + "\"pairs\":{\"a\":\"b\",\"c\":\"c\"},\"weight\":1000.0}}"
      ),
    ])
  func roundTrip(yaml: String, json: String) throws {
    let node = DistillerCatalogue.write(try Self.read(yaml))
    #expect(node.canonicalJSON == json)
    #expect(DistillerCatalogue.write(try DistillerCatalogue.read(node)) == node)
  }

  @Test(
    "What is misspelt, out of range or of the wrong kind is refused with its place",
    arguments: [
      ("soft-target", "did you mean \"soft-targets\"?"),
      ("{soft-targets: {temprature: 4}}", "did you mean \"temperature\"?"),
      ("{soft-targets: {temperature: 0}}", "test:1: \"temperature\" must be a number in 0.1...100"),
      ("{attention: {pairs: {}}}", "at least one pair"),
      ("{attention: {base: attention}}", "is not a setting of base"),
      ("7", "\"objective\" must be one of supervised, soft-targets, attention"),
    ])
  func refusals(yaml: String, words: String) {
    let message = errorMessage { _ = try Self.read(yaml) }
    #expect(message.contains(words), "\(message)")
  }
}
