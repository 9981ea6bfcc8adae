public import Graphs
import Methods
import Readings
import Settings
import Synchronization
public import Targets
import Tensors

/// A latency that is to be met on a target, and what the target's cost model says of settings before they are tried.
public struct LatencyModel: Sendable {
  /// The most milliseconds of an image.
  public let limitMs: Double
  private let predict: @Sendable (Assignment) -> Double?
  private let known = Known()

  /// What was predicted before, by assignment.
  private final class Known: Sendable {
    let latencies = Mutex<[String: Double?]>([:])
  }

  /// A limit, and a function from settings to milliseconds: pure, so that it is asked once for each.
  public init(limitMs: Double, predict: @Sendable @escaping (Assignment) -> Double?) {
    (self.limitMs, self.predict) = (limitMs, predict)
  }

  /// The latency of a network that stages with a space's settings change: of those that change its structure, each by chance, as what
  /// goes costs no more than what stays.
  public init(
    limitMs: Double, of graph: Graph, _ stages: [TrialSpec.Stage], _ space: SearchSpace,
    on profile: TargetProfile
  ) {
    let shapes = stages.map { stage in
      var stage = TrialSpec.Stage(choice: stage.choice)
      if stage.choice?.order != .structure { stage.choice = nil }
      stage.choice = stage.choice?.randomControl ?? stage.choice
      return stage
    }
    self.init(limitMs: limitMs) { assignment in
      var changed = graph
      guard let stages = try? space.applied(assignment, to: shapes) else { return nil }
      for (number, choice) in stages.compactMap(\.choice).enumerated() {
        let random = SeededRandom(seed: 0, purpose: "latency", number)
        do {
          changed =
            try choice.compress(
              changed, of: changed, progress: 1, evidence: NoEvidence(), random: random
            ).graph
        } catch {
          guard case .nothingToDo = error.underlying(as: MethodError.self) else { return nil }
        }
      }
      return try? profile.estimate(changed, flashBytes: 0)[.latency]?.value
    }
  }

  /// Whether any variable by itself, from its first value to its last, makes the network faster.
  public func saves(in space: SearchSpace) -> Bool {
    let first = space.variables.map { $0.value(at: 0) }
    guard let whole = latencyMs(Assignment(first)) else { return false }
    return space.variables.indices.contains { index in
      var values = first
      values[index] = space.variables[index].value(at: 1)
      return (latencyMs(Assignment(values)) ?? whole) < whole
    }
  }

  /// The milliseconds of an image; `nil` for settings that cannot be, and where the target has no model.
  public func latencyMs(_ assignment: Assignment) -> Double? {
    let key = SettingsNode(.list(assignment.values)).canonicalJSON
    if let found = known.latencies.withLock({ $0[key] }) { return found }
    let found = predict(assignment)
    known.latencies.withLock { $0[key] = .some(found) }
    return found
  }
}
