import CAllocations
import DNNL
import Datasets
import Execution
import Foundation
import Graphs
import Settings
import Tensors
import Tasks
import Training

/// Times plain steps and steps that learn from a teacher's stored logits.
///
/// Both take turns and use the trainer that recipes use.
struct DistillBench {
  /// The number of consecutive steps before the other kind takes its turn.
  private static let turn = 25

  let plain: Timings
  let distilled: Timings
  /// The allocations of one distilled step after warm-up.
  let allocations: BenchReport.Allocations

  init(_ graph: Graph, _ options: BenchOptions) throws {
    let warm = try TimedTraining(graph, options, steps: Self.turn + 1)
    try warm.run(steps: Self.turn)
    let wanted = options.seconds * 1000 / max(Timings(warm.times).median, 1e-3)
    let steps = min(max(Int(wanted), 4 * Self.turn), 50_000)
    let stored = try Self.logits(graph, options, steps: steps)
    let plain = try TimedTraining(graph, options, steps: steps)
    let distilled = try TimedTraining(graph, options, steps: steps, teacher: stored)
    for _ in 0..<(steps - 1) / Self.turn {
      try plain.run(steps: Self.turn)
      try distilled.run(steps: Self.turn)
    }
    self.plain = Timings(plain.times)
    self.distilled = Timings(distilled.times)
    allocations = distilled.allocations
  }

  /// The logits of a teacher with the same structure and another seed.
  private static func logits(_ graph: Graph, _ options: BenchOptions, steps: Int) throws -> TeacherLogits? {
    var teacher = graph
    teacher.initializeParameters(seed: 1)
    let path = FileManager.default.temporaryDirectory.path() + "/condense-bench-\(UUID().uuidString).logits"
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try TeacherLogits.record(
      teacher, task: Classification(), to: path, backend: DNNLBackend(),
      source: RepeatedBatch(graph, options, steps: steps),
      epochs: 1, batch: options.batch, precision: options.resolvedPrecision(), threads: options.threads)
  }
}

/// A training of one epoch that records the time of its steps.
private final class TimedTraining {
  private(set) var times: [Double] = []
  private(set) var allocations = BenchReport.Allocations(own: 0, library: 0)
  private var trainer: Trainer?
  private var isCounting = false
  private var last: ContinuousClock.Instant?
  private let clock = ContinuousClock()

  init(_ graph: Graph, _ options: BenchOptions, steps: Int, teacher: TeacherLogits? = nil) throws {
    times.reserveCapacity(steps)
    var settings = TrainingSettings()
    settings.epochs = 1
    settings.batch = options.batch
    settings.learningRate = 0.01
    settings.schedule = ConstantRate()
    settings.optimizer = SGD(momentum: 0.9, nesterov: false)
    let objective: any Distiller = teacher == nil ? Supervised() : SoftTargets()
    trainer = try Trainer(
      Trainer.Setup(
        task: Classification(), graph: graph, backend: DNNLBackend(), settings: settings,
        threads: options.threads,
        precision: options.resolvedPrecision(), objective: objective, teacher: teacher.map { .stored($0) }),
      training: RepeatedBatch(graph, options, steps: steps),
      observer: TrainingObserver(step: { [unowned self] _ in note() }))
  }

  /// Runs some steps; records all times but the first, and the allocations of the last step.
  func run(steps: Int) throws {
    guard let trainer else { return }
    last = nil
    let end = trainer.progress.step + steps
    _ = try trainer.run {
      if trainer.progress.step == end - 1 {
        isCounting = true
        condense_allocations_start()
      }
      return trainer.progress.step >= end
    }
  }

  private func note() {
    let now = clock.now
    if isCounting {
      let counted = condense_allocations_stop()
      allocations = BenchReport.Allocations(own: Int(counted.own), library: Int(counted.library))
      isCounting = false
    }
    if let last { times.append(last.duration(to: now) / .milliseconds(1)) }
    last = clock.now
  }
}
