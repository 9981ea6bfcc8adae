import DNNL
import Execution
import Graphs
import Settings
import Tasks
import Tensors
import Testing

@testable import Training

@Suite("Ranks", .serialized)
struct RanksTests {
  private static func settings(_ yaml: String) throws -> TrainingSettings {
    var settings = TrainingSettings()
    settings.epochs = 2
    settings.batch = 8
    settings.learningRate = 0.05
    try settings.update(from: SettingsNode(yaml: yaml, source: "test"), owner: "training")
    return settings
  }

  /// What a rank is left with.
  private struct End: Sendable, Equatable {
    var graph: Graph
    var updates: Int
    var epochs: Int
    var best: Double?
    var losses: [Double]
    var isFinished: Bool
  }

  /// Trains as one rank, from the checkpoint in a folder if there is one; the first rank writes there.
  private static func train(
    _ ranks: any Ranks, _ graph: Graph, on backend: any Backend, _ yaml: String, in folder: String? = nil,
    stop: Int = .max, damage: (rank: Int, step: Int)? = nil
  ) throws -> End {
    let store = folder.map { CheckpointStore(directory: $0) }
    let checkpoint = try store?.latest()
    // Nobody writes before all have read.
    _ = try ranks.any(false)
    let source = SyntheticSource(steps: 3, batch: 8)
    if let damage, damage.rank == ranks.rank { source.damage = (0, damage.step) }
    var losses: [Double] = []
    let settings = try Self.settings(yaml)
    // Five batches, so that the last round of most numbers of ranks is not full.
    let validation = SyntheticSource(steps: 5, batch: 8 / max(1, settings.microBatches), seed: 1)
    let trainer = try Trainer(
      Trainer.Setup(
        task: Classification(), graph: graph, backend: backend, settings: settings, seed: 7, ranks: ranks),
      training: source, validation: validation,
      checkpoints: ranks.isFirst ? store : nil,
      observer: TrainingObserver(epoch: { losses += [$0.loss, $0.value ?? 0, $0.validationLoss ?? 0] }))
    if let checkpoint { try trainer.restore(checkpoint) }
    let outcome = try trainer.run { trainer.progress.updates >= stop }
    let progress = trainer.progress
    var end = End(
      graph: graph, updates: progress.updates, epochs: progress.epoch, best: progress.best?.value,
      losses: losses, isFinished: false)
    if case .finished(let result) = outcome {
      end.graph = result.graph
      end.isFinished = true
    }
    return end
  }

  // MARK: Sums

  @Test("Sums over ranks are the sums in order of terms, bit for bit", arguments: [1, 2, 4, 8])
  func orderedSum(count: Int) throws {
    // One message and five numbers; magnitudes at which any other order rounds otherwise.
    let length = SingleRank.messageBytes / 4 + 5
    let terms = (0..<8).map { term in
      var random = SeededRandom(seed: 3, purpose: "terms", term)
      return (0..<length).map { _ in random.normal() * Float(1 << (3 * random.below(8))) }
    }
    var expected = terms[0]
    for term in terms.dropFirst() { for i in 0..<length { expected[i] += term[i] } }
    var backwards = terms[7]
    for term in terms.dropLast().reversed() { for i in 0..<length { backwards[i] += term[i] } }
    #expect(backwards != expected)
    let share = 8 / count
    let totals = ThreadRing.run(count) { ranks in
      var sum = OrderedSum<Float>(count: length, terms: share)
      sum.terms = Array(terms[ranks.rank * share..<(ranks.rank + 1) * share])
      try sum.collect(over: ranks)
      try sum.spread(over: ranks)
      // Whatever the number of ranks, none sends more than the vector twice.
      #expect(ranks.sent.bytes <= 2 * length * 4)
      return sum.total
    }
    for total in totals { #expect(try total.get() == expected) }
  }

  @Test("A sum of nothing, and bytes of any length, go round the ring", arguments: [2, 3])
  func broadcast(count: Int) throws {
    for length in [0, 1, SingleRank.messageBytes, SingleRank.messageBytes + 1] {
      let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 * 7) }
      let seen = ThreadRing.run(count) { ranks in
        var none = OrderedSum<Float>(count: 0, terms: 1)
        try none.collect(over: ranks)
        try none.spread(over: ranks)
        let isOne = try ranks.any(ranks.rank == 1)
        let isNone = try ranks.any(false)
        #expect(isOne && !isNone && none.total.isEmpty)
        return try ranks.broadcast(ranks.isFirst ? bytes : [9])
      }
      for result in seen { #expect(try result.get() == bytes) }
    }
  }

  // MARK: Micro-batches in one process

  @Test("Micro-batches give the bits of accumulation where there are no running statistics")
  func accumulation() throws {
    let graph = try TinyNetwork.plain()
    for backend in [ReferenceBackend(), DNNLBackend()] as [any Backend] {
      for recipe in ["gradientClip: 0.3, emaDecay: 0.8", "penalties: {l1: {weight: 0.01}}"] {
        let parts = try ["accumulationSteps", "microBatches"].map {
          try Self.train(SingleRank(), graph, on: backend, "{\($0): 4, \(recipe)}")
        }
        #expect(parts[0].graph == parts[1].graph && parts[0].graph != graph)
      }
    }
  }

  @Test("Running statistics move once an update, by the mean of the micro-batches")
  func statistics() throws {
    let graph = try TinyNetwork.normalized()
    func mean(_ yaml: String) throws -> [Float] {
      var settings = try Self.settings("{epochs: 1, learningRate: 0}")
      try settings.update(from: SettingsNode(yaml: yaml, source: "test"), owner: "training")
      let trainer = try Trainer(
        Trainer.Setup(
          task: Classification(), graph: graph, backend: ReferenceBackend(), settings: settings, seed: 7),
        training: SyntheticSource(steps: 1, batch: 8))
      return try #require(try trainer.finished().graph.parameters["norm.mean"]).value.values
    }
    // The mean of equal parts' means is the mean of the whole; accumulation moves 1 - 0.9⁴ of the way.
    let (whole, parts) = (try mean("{}"), try mean("{microBatches: 4}"))
    let moved = try mean("{accumulationSteps: 4}")
    for i in whole.indices {
      #expect(abs(parts[i] - whole[i]) < 1e-6)
      #expect(abs(moved[i] - whole[i]) > 0.1 * abs(whole[i]))
    }
    #expect(whole.count == 4 && parts.contains { abs($0) > 1e-3 })
  }

  // MARK: Training

  private static let recipes = [
    "{microBatches: 4}",
    "{microBatches: 8, gradientClip: 0.3, emaDecay: 0.8, optimizer: adamw, learningRate: 0.01, patience: 1}",
    "{microBatches: 4, penalties: {norm-scale: {weight: 0.3}}, frozen: logits}",
  ]

  @Test("1, 2, 4 and 8 ranks end with equal bits, scores included", arguments: recipes)
  func equalBits(yaml: String) throws {
    let parts = try Self.settings(yaml).microBatches
    for graph in [try TinyNetwork.plain(), try TinyNetwork.normalized()] {
      if yaml.contains("norm-scale"), graph.node(named: "norm") == nil { continue }
      for backend in [ReferenceBackend(), DNNLBackend()] as [any Backend] {
        let alone = try Self.train(SingleRank(), graph, on: backend, yaml)
        #expect(alone.isFinished && alone.graph != graph)
        for count in [2, 4, 8] where parts.isMultiple(of: count) {
          let ends = ThreadRing.run(count) { try Self.train($0, graph, on: backend, yaml) }
          for end in ends { #expect(try end.get() == alone, "\(count) ranks") }
        }
      }
    }
  }

  @Test("Stopped, and gone on with by another number of ranks, training ends with the same bits")
  func resume() throws {
    let graph = try TinyNetwork.normalized()
    let yaml = "{microBatches: 4, emaDecay: 0.9}"
    let straight = try Self.train(SingleRank(), graph, on: DNNLBackend(), yaml)
    let folder = try TemporaryFolder()
    let path = folder.path
    // Ranks stop a step after the wish.
    for (count, stop, updates) in [(2, 1, 2), (4, 2, 3), (1, 4, 4), (4, .max, 6)] {
      let ends = ThreadRing.run(count) { ranks in
        try Self.train(
          count == 1 ? SingleRank() : ranks, graph, on: DNNLBackend(), yaml, in: path, stop: stop)
      }
      for end in ends {
        let end = try end.get()
        #expect(end.updates == updates && end.isFinished == (stop == .max))
        if end.isFinished { #expect(end.graph == straight.graph) }
      }
    }
  }

  @Test("All stop after the same step when one wishes to")
  func oneStops() throws {
    let graph = try TinyNetwork.plain()
    let ends = ThreadRing.run(4) { ranks in
      try Self.train(
        ranks, graph, on: ReferenceBackend(), "{microBatches: 4}", stop: ranks.rank == 2 ? 1 : .max)
    }
    for end in ends { #expect(try end.get().updates == 2) }
  }

  // MARK: Failures

  /// The message of each rank's error.
  private static func messages<R>(_ results: [Result<R, any Error>]) -> [String] {
    results.map {
      do {
        _ = try $0.get()
        return "accepted"
      } catch {
        return "\(error)"
      }
    }
  }

  @Test("A rank that fails says why, and no other waits for it forever")
  func oneFails() throws {
    let graph = try TinyNetwork.plain()
    let messages = Self.messages(
      ThreadRing.run(4) { ranks in
        try Self.train(ranks, graph, on: ReferenceBackend(), "{microBatches: 4}", damage: (0, 1))
      })
    // The damaged image is the first, one of rank 0's.
    #expect(messages[0].contains("epoch 1, step 2") && messages[0].contains("the images of the batch"))
    for rank in 1..<4 {
      #expect(messages[rank].contains("rank \(rank): another rank has ended"), "\(messages)")
    }
  }

  @Test("Ranks that do not share the micro-batches evenly are refused, and a batch cut twice")
  func uneven() throws {
    let graph = try TinyNetwork.plain()
    for (count, yaml, words) in [
      (3, "{microBatches: 4}", "3 ranks need a number of \"microBatches\" that is a multiple of 3, found 4"),
      (2, "{}", "2 ranks need a number of \"microBatches\" that is a multiple of 2, found 1"),
      (2, "{accumulationSteps: 2}", "multiple of 2, found 1"),
      (8, "{microBatches: 4}", "multiple of 8, found 4"),
      (1, "{microBatches: 3}", "\"batch\" 8 cannot be cut into 3 \"microBatches\" of equal size"),
      (1, "{microBatches: 16}", "\"batch\" 8 cannot be cut into 16 \"microBatches\""),
      (1, "{microBatches: 2, accumulationSteps: 2}", "found 2 and 2; leave one out"),
    ] {
      let messages = Self.messages(
        ThreadRing.run(count) { try Self.train($0, graph, on: ReferenceBackend(), yaml) })
      // The first to find it closes the ring, so that others may find that closed.
      #expect(messages.contains { $0.contains(words) }, "\(messages)")
      #expect(!messages.contains("accepted"))
    }
  }

  @Test("A rank with other settings or other weights is refused by name")
  func differing() throws {
    let messages = Self.messages(
      ThreadRing.run(2) {
        try $0.requireSame([("seed", "7"), ("instruction set", $0.rank == 0 ? "avx512_core" : "avx2")])
      })
    #expect(messages[1].contains("rank 1: instruction set: expected avx512_core as on rank 0, found avx2"))
    let graphs = [try TinyNetwork.plain(seed: 1), try TinyNetwork.plain(seed: 2)]
    let weights = Self.messages(
      ThreadRing.run(2) {
        try Self.train($0, graphs[$0.rank], on: ReferenceBackend(), "{microBatches: 2, epochs: 1}")
      })
    #expect(weights[1].contains("rank 1: weights: expected"), "\(weights)")
  }
}
