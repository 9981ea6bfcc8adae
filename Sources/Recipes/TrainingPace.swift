import Datasets
import Execution
import Graphs
import Ops
import Settings
import Tensors
import Training
public import Trials

/// The training of a stage: everything that decides the time of a step.
struct StageWork {
  var graph: Graph
  /// The settings, with default augmentations filled in.
  var settings: TrainingSettings
  var objective: any Distiller
  /// The teacher, if it runs beside the student; stored logits cost no significant time.
  var teacher: Graph?
  var spec: TrialSpec
  var data: TrialData

  /// True if stored logits are all that is learned from a teacher, which takes the time of the plain loss.
  fileprivate var learnsFromStored: Bool { teacher == nil && !objective.teacherParts.isEmpty }

  /// A key that is equal for trainings with equal step times.
  fileprivate var key: String {
    let encodings = graph.parameters.filter { $0.value.encoding.kind != Dense.kind }
      .map { "\($0.key) \($0.value.encoding.kind)" }.sorted().joined(separator: ",")
    let objective = learnsFromStored ? Supervised.name : type(of: objective).name
    return [
      graph.structureNode.canonicalJSON, encodings, objective, "\(settings.batch)",
      "\(settings.accumulationSteps) \(settings.microBatches)",
      settings.momentumGap == nil ? "" : "two momenta",
      spec.precision.rawValue, "\(spec.threads)",
    ].joined(separator: " ")
  }
}

/// The speed of training on this machine.
///
/// A few steps of each distinct network are measured on the real images, until the time limit; later networks
/// are scaled by multiply-adds from the first.
public struct TrainingPace {
  /// The speed of one network.
  struct Pace {
    /// The seconds per image of a training step with loading: the median over steps.
    var secondsPerImage: Double
    /// The seconds until the first step: compilation and the first batch.
    var setupSeconds: Double

    /// The seconds per image of a forward pass, one of the three products of similar cost in a training step.
    var forwardSecondsPerImage: Double { secondsPerImage / 3 }
  }

  /// The number of networks that were measured.
  public private(set) var measured = 0
  /// The number of networks that were scaled by multiply-adds, as the time was used up.
  public private(set) var scaled = 0
  /// The seconds that all measurements took.
  public private(set) var seconds = 0.0

  private let environment: TrialEnvironment
  private let limit: Double
  private var known: [String: Pace] = [:]
  private var reference: (pace: Pace, multiplyAdds: Int)?
  private let clock = ContinuousClock()

  /// Measures for about `limit` seconds at most in all, and each network only as long as is needed.
  public init(_ environment: TrialEnvironment, seconds limit: Double = 12) {
    self.environment = environment
    self.limit = limit
  }

  mutating func pace(_ work: StageWork) throws -> Pace {
    let key = work.key
    if let pace = known[key] { return pace }
    let multiplyAdds = work.graph.multiplyAdds + (work.teacher?.multiplyAdds ?? 0) / 3
    var pace: Pace
    if seconds >= limit, let reference {
      pace = reference.pace
      pace.secondsPerImage *= Double(multiplyAdds) / Double(max(1, reference.multiplyAdds))
      scaled += 1
    } else {
      let began = clock.now
      pace = try measure(work)
      seconds += (clock.now - began).inSeconds
      measured += 1
      if reference == nil { reference = (pace, multiplyAdds) }
    }
    known[key] = pace
    return pace
  }

  /// The seconds per image of a forward pass, scaled by multiply-adds from the first measured network.
  func forwardSecondsPerImage(multiplyAdds: Int) -> Double {
    guard let reference else { return 0 }
    return reference.pace.forwardSecondsPerImage * Double(multiplyAdds)
      / Double(max(1, reference.multiplyAdds))
  }

  /// Trains for a few steps, the first of which is a warm-up.
  private func measure(_ work: StageWork) throws -> Pace {
    var settings = work.settings
    settings.patience = nil
    let isHalf = work.learnsFromStored && settings.momentumGap != nil
    if work.learnsFromStored { settings = settings.withoutDistillation }
    let clock = clock
    let began = clock.now
    var ends: [ContinuousClock.Instant] = []
    let loader = try work.data.training(settings)
    let setup = Trainer.Setup(
      task: work.data.task, graph: work.graph, backend: environment.backend, settings: settings,
      seed: work.spec.seed,
      threads: work.spec.threads, precision: work.spec.precision,
      objective: work.learnsFromStored ? Supervised() : work.objective,
      teacher: work.teacher.map { .network($0) })
    _ = try located("measuring the pace") {
      let trainer = try Trainer(
        setup, training: loader, observer: TrainingObserver(step: { _ in ends.append(clock.now) }))
      return try trainer.run(shouldStop: {
        guard ends.count > Self.fewestSteps, let first = ends.first, let last = ends.last else {
          return false
        }
        return last - first > Self.span
      })
    }
    let steps = zip(ends.dropFirst(), ends).map { ($0 - $1).inSeconds }.sorted()
    let step =
      (steps.isEmpty ? (clock.now - began).inSeconds : steps[steps.count / 2]) * (isHalf ? 2 : 1)
    return Pace(
      secondsPerImage: step / Double(settings.batch),
      setupSeconds: max(0, ((ends.first ?? began) - began).inSeconds - step))
  }

  private static let fewestSteps = 4
  private static let span = Duration.milliseconds(200)
}
