import Datasets
import Execution
import Graphs
import Ops
import Settings
import Tasks
import Tensors
import TestSupport
import Testing

@testable import Training

/// Trained detectors with a square anchor at each position of 2x2 pixels.
@Suite("Detectors")
struct DetectorTests {
  /// A detector of one class in images of 8x8.
  private static func network(width: Int = 12) throws -> Graph {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [1, 8, 8])])
    try graph.append(Conv2D(filters: width, kernel: 3, padding: 1), name: "first", inputs: ["image"])
    try graph.append(ReLU(), name: "relu1", inputs: ["first"])
    try graph.append(
      Conv2D(filters: 2 * width, kernel: 3, stride: 2, padding: 1), name: "second", inputs: ["relu1"])
    try graph.append(ReLU(), name: "relu2", inputs: ["second"])
    for (name, numbers) in [("scores", 2), ("offsets", 4)] {
      try graph.append(
        Conv2D(filters: numbers, kernel: 3, padding: 1), name: name + ".conv", inputs: ["relu2"])
      try graph.append(AnchorRows(anchors: [0.5, 0.5]), name: name, inputs: [name + ".conv"])
    }
    graph.outputs = ["scores", "offsets"]
    graph.initializeParameters(seed: 1)
    return graph
  }

  private static func settings(_ more: String = "") throws -> TrainingSettings {
    try TrainingSettings(
      from: SettingsNode(
        yaml: "{epochs: 12, batch: 16, learningRate: 0.05, augmentations: []\(more)}", source: "test"),
      owner: "training")
  }

  private static func trained(
    _ settings: TrainingSettings, objective: any Distiller = Supervised(), teacher: Graph? = nil,
    width: Int = 12
  ) throws -> (graph: Graph, value: Double) {
    let graph = try network(width: width)
    let setup = Trainer.Setup(
      task: ObjectDetection(), graph: graph, backend: ReferenceBackend(), settings: settings,
      objective: objective, teacher: teacher.map { .network($0) })
    let trainer = try Trainer(setup, training: SquareSource(steps: 20, batch: 16))
    guard case .finished(let result) = try trainer.run() else {
      throw TrainingError.patienceWithoutValidation
    }
    let evaluator = try Evaluator(
      result.graph, task: ObjectDetection(), backend: ReferenceBackend(), batch: 16, precision: .f32,
      threads: 1)
    let scores = try #require(try evaluator.score(SquareSource(steps: 4, batch: 16, seed: 9)))
    return (result.graph, scores.value)
  }

  @Test("A detector learns where squares are, by the worst of the background and by the focal loss")
  func learns() throws {
    #expect(try Self.trained(Self.settings()).value > 0.8)
    #expect(try Self.trained(Self.settings(", focus: 2")).value > 0.8)
  }

  @Test("A narrow one learns of another what it says of each anchor")
  func distilled() throws {
    let teacher = try Self.trained(Self.settings()).graph
    var objective = AnchorTargets()
    objective.labels = 0
    let student = try Self.trained(Self.settings(), objective: objective, teacher: teacher, width: 6)
    #expect(student.value > 0.5)
  }

  @Test("Scores of whole images are refused to it by name, and a focus to classes")
  func refusals() throws {
    #expect(
      errorMessage { try SoftTargets().requireHeads(ObjectDetection(), of: Self.network()) }
        == "training: expected a head \"scores\", found anchor-scores, anchor-offsets; minimize something else"
    )
    #expect(
      errorMessage { try AnchorTargets().requireHeads(Classification(), of: Classification.example().graph) }
        == "training: expected a head \"anchor-scores\", found scores; minimize something else")
    var builder = try ObjectiveBuilder(Classification(), student: Classification.example().graph, focus: 2)
    #expect(
      errorMessage { try builder.minimizeTaskLoss() }
        == "training.focus: is for detectors, found images of one class each; leave it out")
  }
}
