import Execution
import Foundation
import Graphs
import Ops
import Settings
import Tasks
import Tensors
import TestSupport
import Testing

@testable import Datasets
@testable import Training

/// A batch of labels with mixed targets, and logits of a student and a teacher.
struct LogitCase {
  let batch: Batch
  let logits: [Float]
  let teacher: [Float]

  init(labels: [Int], partners: [Int], shares: [Float], classes: Int) {
    var random = SeededRandom(seed: 3, purpose: "logits")
    self.init(
      labels: labels, partners: partners, shares: shares,
      logits: (0..<labels.count * classes).map { _ in 3 * random.normal() },
      teacher: (0..<labels.count * classes).map { _ in 4 * random.normal() })
  }

  init(labels: [Int], partners: [Int], shares: [Float], logits: [Float], teacher: [Float]) {
    batch = Batch(
      images: Array(repeating: 0, count: labels.count), annotations: labels.map { .label($0) })
    batch.partners = partners.map { .label($0) }
    batch.shares = shares
    self.logits = logits
    self.teacher = teacher
  }

  /// The sum of the images' losses, and the gradient of their mean by the logits.
  ///
  /// The student is a linear layer without a bias, and image n is the unit vector n. So its weights are the
  /// logits, and their gradients are those of the logits.
  func evaluate(
    _ objective: any Distiller, _ logits: [Float], smoothing: Float = 0
  ) throws -> (loss: Double, gradient: [Float]) {
    let (images, classes) = (batch.count, logits.count / batch.count)
    var student = Graph(inputs: [GraphInput(name: "image", shape: [images])])
    try student.append(Linear(features: classes, bias: false), name: "logits", inputs: ["image"])
    student.outputs = ["logits"]
    student.parameters["logits.weight"] = Parameter(
      Tensor(transposed(logits, rows: images), shape: [classes, images]))
    var builder = try ObjectiveBuilder(Classification(), student: student, smoothing: smoothing)
    try objective.build(&builder)
    let built = try builder.finished(seed: 0)
    let plan = try ReferenceBackend().compile(
      built.joined(to: student), PlanOptions(batch: images, mode: .training))
    let identity = (0..<images * images).map { Float($0 % (images + 1) == 0 ? 1 : 0) }
    plan.writeInput(try plan.input("image"), identity.span)
    for (input, source) in zip(built.graph.inputs, built.sources) {
      switch source {
      case .student, .remembered: break
      case .target(let target):
        let buffer = AlignedBuffer(floats: images * target.shape.count)
        Classification().writeTargets(of: batch, 0..<images, for: builder.heads, into: [buffer])
        plan.writeInput(try plan.input(input.name), buffer.floats)
      case .teacher: plan.writeInput(try plan.input(input.name), teacher.span)
      }
    }
    plan.run(key: 0)
    var loss = 0.0
    for term in built.terms {
      var losses = [Float](repeating: .nan, count: images)
      var span = losses.mutableSpan
      plan.readTap(try plan.tap(term.value), into: &span)
      loss += losses.reduce(0) { $0 + Double(term.weight) * Double($1) }
      let seed = [Float](repeating: term.weight / Float(images), count: images)
      plan.writeSeed(try plan.tap(term.value), seed.span)
    }
    plan.backward()
    let gradient = try plan.gradients()["logits.weight"]?.values ?? []
    return (loss, transposed(gradient, rows: classes))
  }

  private func transposed(_ values: [Float], rows: Int) -> [Float] {
    let columns = values.count / rows
    return (0..<values.count).map { values[$0 % rows * columns + $0 / rows] }
  }
}

@Suite("Soft targets")
struct SoftTargetsTests {
  /// The numbers are numpy's, in 64 bits, for the logits z and t below.
  ///
  /// p = softmax(t / 2), q = softmax(z / 2); loss = 0.25 * cross_entropy(z, [0, 2]).sum() + 0.75 * 4 * (p *
  /// (log(p) - log(q))).sum().
  @Test("Loss and gradient equal the formula")
  func golden() throws {
    let example = LogitCase(
      labels: [0, 2], partners: [0, 2], shares: [1, 1], logits: [2, -1, 0.5, 0.1, 0.2, 0.3],
      teacher: [1, 0, -1, -0.5, 2, 0.25])
    let found = try example.evaluate(SoftTargets(temperature: 2, weight: 0.75), example.logits)
    #expect(abs(found.loss - Golden.loss) < 1e-6)
    for (a, b) in zip(found.gradient, Golden.gradient) { #expect(abs(Double(a) - b) < 1e-7) }
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
  func finiteDifferences(setting: (temperature: Float, weight: Float), smoothing: Float) throws {
    let objective = SoftTargets(temperature: setting.temperature, weight: setting.weight)
    let example = LogitCase(labels: [3, 0, 4], partners: [1, 0, 2], shares: [0.4, 1, 0.9], classes: 5)
    let (_, gradient) = try example.evaluate(objective, example.logits, smoothing: smoothing)
    let width: Float = 1 / 64
    for i in gradient.indices {
      var (above, below) = (example.logits, example.logits)
      above[i] += width
      below[i] -= width
      let losses = try [above, below].map { try example.evaluate(objective, $0, smoothing: smoothing).loss }
      let difference = (losses[0] - losses[1]) / Double(2 * width) / 3
      #expect(abs(difference - Double(gradient[i])) < 5e-4, "\(setting), \(smoothing)")
    }
  }

  @Test("Without weight it is the plain loss; a student that says what its teacher says has no divergence")
  func ends() throws {
    let example = LogitCase(labels: [3, 0, 4], partners: [1, 0, 2], shares: [0.4, 1, 0.9], classes: 5)
    let plain = try example.evaluate(Supervised(), example.logits, smoothing: 0.1)
    let weightless = try example.evaluate(
      SoftTargets(temperature: 4, weight: 0), example.logits, smoothing: 0.1)
    #expect(plain == weightless)
    let equal = try example.evaluate(SoftTargets(temperature: 4, weight: 1), example.teacher)
    #expect(abs(equal.loss) < 1e-5)
    #expect(equal.gradient.allSatisfy { abs($0) < 1e-6 })
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
    "Every objective reads back as it is written, also beside another", arguments: DistillerCatalogue.names)
  func everyOne(name: String) throws {
    let type = try #require(DistillerCatalogue.type(named: name))
    let plain = try Self.read(name)
    #expect(Swift.type(of: plain).name == name)
    #expect(DistillerCatalogue.write(plain) == DistillerCatalogue.write(type.init()))
    guard DistillerCatalogue.write(plain)[name]?["base"] != nil else { return }
    let other = try Self.read("{\(name): {base: {decoupled: {others: 2}}}}")
    let node = DistillerCatalogue.write(other)
    #expect(DistillerCatalogue.write(try DistillerCatalogue.read(node)) == node)
    #expect(other.teacherParts.contains(.logits))
  }

  @Test(
    "What is misspelt, out of range or of the wrong kind is refused with its place",
    arguments: [
      ("soft-target", "did you mean \"soft-targets\"?"),
      ("{soft-targets: {temprature: 4}}", "did you mean \"temperature\"?"),
      ("{soft-targets: {temperature: 0}}", "test:1: \"temperature\" must be a number in 0.1...100"),
      ("{attention: {pairs: {}}}", "at least one pair"),
      ("{attention: {base: attention}}", "is not a setting of base"),
      ("7", "\"objective\" must be one of supervised, soft-targets, decoupled"),
    ])
  func refusals(yaml: String, words: String) {
    let message = errorMessage { _ = try Self.read(yaml) }
    #expect(message.contains(words), "\(message)")
  }
}
