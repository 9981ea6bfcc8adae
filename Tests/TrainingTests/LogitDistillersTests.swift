import Foundation
import Graphs
import Ops
import Settings
import Tasks
import TestSupport
import Testing

@testable import Training

@Suite("Distillers of logits")
struct LogitDistillersTests {
  /// PyTorch's values for three batches: the mean loss, the norm of its gradient by the student's logits, and
  /// its second element.
  struct Case: Sendable, CustomStringConvertible {
    let yaml: String
    let expected: [(loss: Double, length: Double, second: Double)]
    var description: String { yaml }
  }

  /// The numbers come from the authors' code (mdistiller with logit standardization; DIST), run in 64 bits.
  ///
  /// The logits are `3·sin(0.7·i + k)` and `3·sin(0.9·i + 2·k + 1)`, `[6, 5]`, rounded to floats, with the
  /// labels below. Mean squares were written for this test.
  static let cases = [
    Case(
      yaml: "{soft-targets: {temperature: 2, weight: 1, labels: 0, standardize: true}}",
      expected: [
        (0.8841998322, 0.07083299452, -0.03205588377), (0.7544909877, 0.05422401478, 0.004944537303),
        (0.5381850862, 0.07827946753, -0.0004252681977),
      ]),
    Case(
      yaml: "{decoupled: {labels: 0}}",
      expected: [
        (24.06654771, 3.899586633, -0.07702546736), (27.20264498, 4.032023838, 0.09504679752),
        (18.94627489, 3.58229467, 0.09957708235),
      ]),
    Case(
      yaml: "{decoupled: {labels: 0, target: 9, others: 18, temperature: 2, standardize: true}}",
      expected: [
        (15.87934063, 1.432773567, -0.3813235553), (14.4527637, 1.18246718, -0.1440308663),
        (9.953064233, 1.62705681, -0.1979483918),
      ]),
    Case(
      yaml: "{multi-level: {labels: 0}}",
      expected: [
        (15.36589822, 2.128716811, -0.3427579847), (15.32166141, 2.083543459, 0.4220456071),
        (11.28622823, 1.805824068, 0.426018257),
      ]),
    Case(
      yaml: "{dist: {labels: 0}}",
      expected: [
        (70.26642771, 6.389764178, -2.332360064), (64.20749669, 6.399925381, 0.05487122394),
        (46.61506322, 6.805471332, 1.618284891),
      ]),
    Case(
      yaml: "{logit-squares: {labels: 0, weight: 1}}",
      expected: [
        (6.917442145, 0.9603778524, -0.1495617946), (7.767733526, 1.017692391, 0.1870751248),
        (5.853211676, 0.8834184872, 0.2249386382),
      ]),
    Case(
      yaml: "{logit-squares: {labels: 0, weight: 1, standardize: true}}",
      expected: [
        (1.762768513, 0.1614416307, -0.05514010944), (1.676712705, 0.1161901389, 0.00434457915),
        (1.203696983, 0.1560512203, -0.0003411919081),
      ]),
  ]

  private static let labels = [1, 0, 4, 2, 2, 3]

  private static func batch(_ k: Int, shift: Float = 0) -> LogitCase {
    LogitCase(
      labels: labels, partners: labels, shares: Array(repeating: 1, count: 6),
      logits: (0..<30).map { Float(3 * sin(0.7 * Double($0) + Double(k))) },
      teacher: (0..<30).map { Float(3 * sin(0.9 * Double($0) + Double(2 * k + 1))) + shift })
  }

  private static func read(_ yaml: String) throws -> any Distiller {
    try DistillerCatalogue.read(SettingsNode(yaml: yaml, source: "test"))
  }

  @Test("Losses and gradients are those of their authors' code in PyTorch", arguments: cases, 0..<3)
  func torch(_ example: Case, _ k: Int) throws {
    let batch = Self.batch(k)
    let found = try batch.evaluate(Self.read(example.yaml), batch.logits)
    let expected = example.expected[k]
    let length = found.gradient.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    #expect(abs(found.loss / 6 - expected.loss) <= 1e-5 * expected.loss, "\(found.loss / 6)")
    #expect(abs(length - expected.length) <= 1e-5 * expected.length, "\(length)")
    #expect(abs(Double(found.gradient[1]) - expected.second) <= 1e-5 * expected.length)
  }

  @Test("What all of a teacher's logits of an image have in common changes nothing", arguments: cases)
  func shifted(_ example: Case) throws {
    let (plain, shifted) = (Self.batch(1), Self.batch(1, shift: -5))
    let distiller = try Self.read(example.yaml)
    let (a, b) = (
      try plain.evaluate(distiller, plain.logits), try shifted.evaluate(distiller, shifted.logits)
    )
    #expect(abs(a.loss - b.loss) <= 1e-4 * a.loss)
  }

  @Test("The labels' part is the plain loss times its factor", arguments: cases)
  func labelled(_ example: Case) throws {
    let batch = Self.batch(2)
    let without = try batch.evaluate(Self.read(example.yaml), batch.logits).loss
    let labelled = example.yaml.replacing("labels: 0", with: "labels: 0.5")
    let with = try batch.evaluate(Self.read(labelled), batch.logits).loss
    let plain = try batch.evaluate(Supervised(), batch.logits).loss
    #expect(abs(with - without - 0.5 * plain) < 1e-4 * with)
  }

  @Test("A blended image counts for both of its classes, by their shares")
  func blended() throws {
    let distiller = try Self.read("{decoupled: {labels: 0}}")
    func loss(_ labels: [Int], _ partners: [Int], _ share: Float) throws -> Double {
      let batch = Self.batch(0)
      return try LogitCase(
        labels: labels, partners: partners, shares: Array(repeating: share, count: 6), logits: batch.logits,
        teacher: batch.teacher
      ).evaluate(distiller, batch.logits).loss
    }
    let (ones, others) = ([1, 0, 4, 2, 2, 3], [0, 0, 1, 3, 4, 2])
    let expected = 0.3 * (try loss(ones, ones, 1)) + 0.7 * (try loss(others, others, 1))
    let found = try loss(ones, others, 0.3)
    #expect(abs(found - expected) < 1e-4 * expected)
  }

  @Test("Standardized scores are the same however large scores are")
  func scaleFree() throws {
    let batch = Self.batch(0)
    let distiller = try Self.read("{soft-targets: {temperature: 2, weight: 9, labels: 0, standardize: true}}")
    let larger = LogitCase(
      labels: Self.labels, partners: Self.labels, shares: Array(repeating: 1, count: 6), logits: batch.logits,
      teacher: batch.teacher.map { 7 * $0 })
    let (a, b) = (try batch.evaluate(distiller, batch.logits), try larger.evaluate(distiller, batch.logits))
    #expect(abs(a.loss - b.loss) < 1e-4 * a.loss)
  }

  @Test("Factors of no weight leave their losses out")
  func leftOut() throws {
    var builder = try ObjectiveBuilder(
      Classification(), student: AttentionTransferTests.network(2), teacher: AttentionTransferTests.network(5)
    )
    try Self.read("{multi-level: {labels: 0, instances: 0, images: 0, temperatures: [4]}}").build(&builder)
    let objective = try builder.finished(seed: 0)
    #expect(objective.terms.map(\.value) == ["objective/multi-level/4.0/classes"])
    #expect(objective.graph.nodes.count == 1)
  }

  @Test("Stored logits serve all of them; a share above 1 needs a factor for the labels")
  func needs() throws {
    for example in Self.cases { #expect(try Self.read(example.yaml).teacherParts == [.logits]) }
    let message = errorMessage {
      try Self.read("{soft-targets: {weight: 9}}").requireStudent(AttentionTransferTests.network(2))
    }
    #expect(message.contains("objective soft-targets: \"weight\" must be at most 1"), "\(message)")
  }

  @Test(
    "A task without classes is refused in words",
    arguments: ["decoupled", "dist", "multi-level", "logit-squares"])
  func otherTask(_ name: String) throws {
    let message = errorMessage {
      var builder = try ObjectiveBuilder(Locating(), student: Locating.example().graph)
      try Self.read(name).build(&builder)
    }
    #expect(message.contains("expected a head \"scores\""), "\(message)")
  }

  @Test(
    "What is out of range is refused with its place",
    arguments: [
      ("{decoupled: {others: -1}}", "\"others\" must be a number in 0"),
      ("{multi-level: {temperatures: []}}", "1 to 16 different numbers"),
      ("{multi-level: {temperatures: [4, 4]}}", "1 to 16 different numbers"),
      ("{dist: {temperature: 0}}", "\"temperature\" must be a number in 0.1"),
      ("{logit-squares: {standardise: true}}", "did you mean \"standardize\"?"),
    ])
  func refusals(yaml: String, words: String) {
    let message = errorMessage { _ = try Self.read(yaml) }
    #expect(message.contains(words), "\(message)")
  }
}
