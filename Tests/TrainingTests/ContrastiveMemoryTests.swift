import DNNL
import Execution
import Foundation
import Graphs
import Ops
import Settings
import Tasks
import Tensors
import TestSupport
import Testing

@testable import Training

@Suite("Contrast with remembered vectors")
struct ContrastiveMemoryTests {
  private static let yaml = "{contrastive: {features: 4, memory: 40, draws: 3}}"

  private static func setup(
    _ backend: any Backend = ReferenceBackend(), yaml: String = yaml, parts: Int = 1, epochs: Int = 3,
    rewriter: (any GraphRewriter)? = nil
  ) throws -> Trainer.Setup {
    var settings = TrainingSettings()
    try settings.update(
      from: SettingsNode(
        yaml:
          "{epochs: \(epochs), batch: 8, accumulationSteps: \(parts), learningRate: 0.02, gradientClip: 1}",
        source: "test"),
      owner: "training")
    return Trainer.Setup(
      task: Classification(), graph: try AttentionTransferTests.network(2), backend: backend,
      settings: settings, seed: 7,
      objective: try DistillerCatalogue.read(SettingsNode(yaml: yaml, source: "t")),
      teacher: .network(try AttentionTransferTests.network(5, deep: true)), rewriter: rewriter)
  }

  @Test("Each network's vectors are compared with the other's, remembered ones among them")
  func built() throws {
    var builder = try ObjectiveBuilder(
      Classification(), student: AttentionTransferTests.network(2),
      teacher: AttentionTransferTests.network(5, deep: true))
    try Self.setup().objective.build(&builder)
    let objective = try builder.finished(seed: 0)
    #expect(objective.terms.map(\.weight) == [1, 0.8, 0.8])
    #expect(
      objective.memories
        == ["teacher", "student"].map {
          ObjectiveMemory(
            value: "objective/contrastive/flat/\($0)-adapter", features: 4, places: 40, draws: 3,
            momentum: 0.5)
        })
    #expect(objective.graph.shape(of: "objective/contrastive/flat/student-known") == [1, 16])
    let message = errorMessage {
      _ = try Trainer(
        Self.setup(yaml: "{contrastive: {features: 4096, memory: 1000000}}"),
        training: SyntheticSource(steps: 2, batch: 8))
    }
    #expect(message.contains("remember 32768000000 bytes, more than the limit of 2147483648"), "\(message)")
  }

  @Test("A place keeps its share of the old vector, at length 1; zeros change nothing")
  func remembers() {
    let memory = VectorMemory(
      ObjectiveMemory(value: "v", features: 2, places: 3, draws: 1, momentum: 0.5), images: 10, batch: 2,
      seed: 1)
    #expect(memory.load(Tensor([1, 0, 0, 1, 0, -1], shape: [3, 2])))
    let found: [Float] = [0, 4, 0, 0]
    memory.keep(found.span, from: 0)
    // Image 6 has place 0, image 4 place 1.
    memory.remember([6, 4])
    let half = Float(0.5).squareRoot()
    #expect(memory.tensor.values == [half, half, 0, 1, 0, -1])
    let opposite: [Float] = [0, 3, 0, 2]
    memory.keep(opposite.span, from: 0)
    memory.remember([2, 5])
    // The first new vector and the old one cancel out, so that the new one stays.
    #expect(memory.tensor.values[4...] == [0, 1])
    #expect(!memory.load(Tensor(zeros: [2, 2])) && !memory.load(nil))
    #expect(VectorMemory(memory.memory, images: 2, batch: 2, seed: 1).count == 2)
  }

  @Test(
    "The first vectors are about as long as 1; draws depend on epoch and step alone, and reach all places")
  func draws() {
    let memory = VectorMemory(
      ObjectiveMemory(value: "v", features: 64, places: 50, draws: 8, momentum: 0.5), images: 100, batch: 25,
      seed: 1)
    let rows = memory.tensor.values
    let mean = rows.reduce(0) { $0 + $1 * $1 } / 50
    #expect(abs(mean - 1) < 0.05 && rows.allSatisfy { abs($0) <= (3 / Float(64)).squareRoot() })
    func drawn(_ epoch: Int, _ step: Int) -> [Float] {
      memory.draw(epoch: epoch, step: step)
      let present = memory.present
      let floats = present.floats
      var values: [Float] = []
      for i in floats.indices { values.append(floats[i]) }
      return values
    }
    let first = drawn(0, 0)
    #expect(drawn(0, 1) != first && drawn(1, 0) != first && drawn(0, 0) == first)
    let starts = Set(stride(from: 0, to: first.count, by: 64).map { first[$0] })
    #expect(starts.isSubset(of: Set(stride(from: 0, to: rows.count, by: 64).map { rows[$0] })))
    #expect(starts.count > 40)
  }

  @Test(
    "Training lowers the loss, whole batches and parts, on both backends",
    arguments: [ReferenceBackend() as any Backend, DNNLBackend()], [1, 2])
  func trains(backend: any Backend, parts: Int) throws {
    var losses: [Double] = []
    let setup = try Self.setup(backend, parts: parts)
    let trainer = try Trainer(
      setup, training: SyntheticSource(steps: 12, batch: 8),
      observer: TrainingObserver(epoch: { losses.append($0.loss) }))
    let result = try trainer.finished()
    #expect(losses[2] < losses[0], "\(losses)")
    #expect(result.graph.structureNode == setup.graph.structureNode)
  }

  @Test("A training that was killed has its memory back, and ends with the bytes of one that was not")
  func resumes() throws {
    func trainer(_ store: CheckpointStore?) throws -> Trainer {
      try Trainer(
        Self.setup(yaml: Self.yaml), training: SyntheticSource(steps: 12, batch: 8), checkpoints: store)
    }
    let training = try InterruptedTraining(stoppedAfter: 17, trainer)
    let checkpoint = training.checkpoint
    #expect(
      checkpoint.remembered.mapValues(\.shape) == [
        "objective/contrastive/flat/teacher-adapter": [40, 4],
        "objective/contrastive/flat/student-adapter": [40, 4],
      ])
    #expect(training.resumed == training.expected)
    // With another memory it ends elsewhere, and without one it does not go on.
    var other = checkpoint
    other.remembered = checkpoint.remembered.mapValues { Tensor($0.values.map { -$0 }, shape: $0.shape) }
    let changed = try trainer(nil)
    try changed.restore(other)
    let wrong = try changed.finished()
    #expect(wrong.graph != training.expected)
    other.remembered = [:]
    let message = errorMessage { try trainer(nil).restore(other) }
    #expect(message.contains("expected 40 remembered vectors"), "\(message)")
  }

  /// A rewriter that removes the second channel of the first convolution.
  private struct Removal: GraphRewriter {
    func points(updates: Int) -> [Int] { [20] }
    func rewrite(_ graph: Graph, at point: RewritePoint) throws -> Rewrite {
      try graph.removingChannels([graph.channelGroups()[0].units[1]])
    }
  }

  @Test("The memory goes on where the network is rewritten")
  func follows() throws {
    let folder = try TemporaryFolder()
    let setup = try Self.setup(rewriter: Removal())
    let trainer = try Trainer(
      setup, training: SyntheticSource(steps: 12, batch: 8),
      checkpoints: CheckpointStore(directory: folder.path))
    guard case .stopped = try trainer.run(shouldStop: { trainer.progress.updates >= 21 }) else {
      throw Trainer.Unfinished()
    }
    let kept = try #require(try CheckpointStore(directory: folder.path).latest()).remembered
    let name = "objective/contrastive/flat/teacher-adapter"
    // Places of images that only the first steps of an epoch see would still be random in a new memory.
    let first = VectorMemory(
      ObjectiveMemory(value: name, features: 4, places: 40, draws: 3, momentum: 0.5), images: 96, batch: 8,
      seed: 7)
    let (now, start) = (try #require(kept[name]).values, first.tensor.values)
    let unseen = (0..<40).filter { place in now[place * 4] == start[place * 4] }
    #expect(trainer.progress.rewrites == 1 && unseen.isEmpty, "\(unseen)")
  }
}
