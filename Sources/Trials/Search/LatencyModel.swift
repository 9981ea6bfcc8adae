public import Graphs
import Methods
import Readings
import Settings
import Synchronization
public import Targets
import Tensors

/// A latency limit on a target, and a prediction of latencies from the target's cost model.
public struct LatencyModel: Sendable {
  /// The largest latency of an image in ms.
  public let limitMs: Double
  private let predict: @Sendable (Assignment) -> Double?
  private let known = Known()

  /// The predictions so far, by assignment.
  private final class Known: Sendable {
    let latencies = Mutex<[String: Double?]>([:])
  }

  /// Makes a model of a limit and a pure function from settings to ms, which is called once for each
  /// assignment.
  public init(limitMs: Double, predict: @Sendable @escaping (Assignment) -> Double?) {
    (self.limitMs, self.predict) = (limitMs, predict)
  }

  /// Makes a model of a network whose stages take an assignment's settings.
  ///
  /// Only stages that change the structure are applied, by their random controls where there are any: removed
  /// channels cost the same whichever they are.
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

  /// True if a variable alone, at its last value, makes the network faster than all variables at their first
  /// values.
  public func saves(in space: SearchSpace) -> Bool {
    let first = space.variables.map { $0.value(at: 0) }
    guard let whole = latencyMs(Assignment(first)) else { return false }
    return space.variables.indices.contains { index in
      var values = first
      values[index] = space.variables[index].value(at: 1)
      return (latencyMs(Assignment(values)) ?? whole) < whole
    }
  }

  /// The latency of an image in ms; `nil` for settings that are impossible, and where the target has no cost
  /// model.
  public func latencyMs(_ assignment: Assignment) -> Double? {
    let key = SettingsNode(.list(assignment.values)).canonicalJSON
    if let found = known.latencies.withLock({ $0[key] }) { return found }
    let found = predict(assignment)
    known.latencies.withLock { $0[key] = .some(found) }
    return found
  }
}
