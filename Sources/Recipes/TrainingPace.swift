import Datasets
import Execution
import Graphs
import Ops
import Settings
import Tensors
import Training
public import Trials

/// What a stage trains on what: all that decides how long a step takes.
struct StageWork {
  var graph: Graph
  /// With the augmentations filled in.
  var settings: TrainingSettings
  var objective: any Distiller
  /// The teacher where it runs beside the student; logits that are stored cost nothing that counts.
  var teacher: Graph?
  var spec: TrialSpec
  var data: TrialData

  /// Equal for works whose steps take equally long.
  fileprivate var key: String {
    let encodings = graph.parameters.filter { $0.value.encoding.kind != Dense.kind }
      .map { "\($0.key) \($0.value.encoding.kind)" }.sorted().joined(separator: ",")
    let objective = teacher == nil ? "" : type(of: objective).name
    return [
      graph.structureNode.canonicalJSON, encodings, objective, "\(settings.batch)",
      "\(settings.accumulationSteps)",
      spec.precision.rawValue, "\(spec.threads)",
    ].joined(separator: " ")
  }
}

/// How fast networks train on this machine: a few steps of each distinct one on the real images, until the time for that is
/// used up; after that by multiply-adds from the first.
public struct TrainingPace {
  /// What a network takes.
  struct Pace {
    /// Seconds an image of a training step, loading included: the median of the steps.
    var secondsPerImage: Double
    /// Seconds until the first step: compiling, and the first batch.
    var setupSeconds: Double

    /// A forward pass is one of the three products of about equal cost that make a training step.
    var forwardSecondsPerImage: Double { secondsPerImage / 3 }
  }

  /// Networks that were measured.
  public private(set) var measured = 0
  /// Networks that came too late and were scaled by multiply-adds.
  public private(set) var scaled = 0
  /// What all measurements took.
  public private(set) var seconds = 0.0

  private let environment: TrialEnvironment
  private let limit: Double
  private var known: [String: Pace] = [:]
  private var reference: (pace: Pace, multiplyAdds: Int)?
  private let clock = ContinuousClock()

  /// Measures for at most about so many seconds in all, and for the shortest time that tells something a network.
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

  /// Seconds an image of a forward pass, by multiply-adds from the network that was measured first.
  func forwardSecondsPerImage(multiplyAdds: Int) -> Double {
    guard let reference else { return 0 }
    return reference.pace.forwardSecondsPerImage * Double(multiplyAdds)
      / Double(max(1, reference.multiplyAdds))
  }

  /// Trains for a few steps: the first one is warming up.
  private func measure(_ work: StageWork) throws -> Pace {
    var settings = work.settings
    settings.patience = nil
    let clock = clock
    let began = clock.now
    var ends: [ContinuousClock.Instant] = []
    let loader = try work.data.training(settings)
    let setup = Trainer.Setup(
      task: work.data.task, graph: work.graph, backend: environment.backend, settings: settings,
      seed: work.spec.seed,
      threads: work.spec.threads, precision: work.spec.precision,
      objective: work.teacher == nil ? Supervised() : work.objective,
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
    let step = steps.isEmpty ? (clock.now - began).inSeconds : steps[steps.count / 2]
    return Pace(
      secondsPerImage: step / Double(settings.batch),
      setupSeconds: max(0, ((ends.first ?? began) - began).inSeconds - step))
  }

  private static let fewestSteps = 4
  private static let span = Duration.milliseconds(200)
}
