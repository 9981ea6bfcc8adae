import Encodings
import Graphs
import Methods
import Runs
import Targets
import Tensors

/// Searches the strength of a pipeline's first method that has one, on validation images.
package struct GoalSearch {
  /// How many pipelines are run.
  package static let tries = 6

  private let runner: TrialRunner
  private let data: TrialData
  private let teacher: Graph?
  private let logits: String?

  init(_ runner: TrialRunner, data: TrialData, teacher: Graph?, logits: String?) {
    self.runner = runner
    self.data = data
    self.teacher = teacher
    self.logits = logits
  }

  /// The best outcome: the strongest that keeps the accuracy, or the most accurate that fits; where none meets the goal,
  /// the one that comes nearest, with the reason as a warning.
  func run(_ start: Graph, goal: TrialGoal) throws(TrialError) -> TrialPipeline.Outcome {
    let bar = try goal.accuracyPoints.map { points throws(TrialError) in
      try teacherAccuracy() - points / 100
    }
    var search: any Proposer = Bisection(tries: Self.tries, prefersStrong: bar != nil)
    var best: TrialPipeline.Outcome?
    var nearest: (outcome: TrialPipeline.Outcome, distance: Double, reason: String)?
    var images = 0
    var seconds = 0.0
    while let strength = search.ask() {
      runner.environment.note("goal: strength \(strength)")
      let outcome = try run(start, strength)
      images += outcome.trainingImages
      seconds += outcome.seconds
      let miss = try self.miss(of: outcome, bar: bar, goal: goal)
      search.tell(strength, meetsGoal: miss == nil)
      if let miss {
        if nearest == nil || miss.distance < nearest?.distance ?? 0 {
          nearest = (outcome, miss.distance, miss.reason)
        }
      } else {
        best = outcome
      }
    }
    guard var result = best ?? nearest?.outcome else { throw .stopped }
    if best == nil, let nearest { result.warnings.append("the goal was missed: \(nearest.reason)") }
    result.trainingImages = images
    result.seconds = seconds
    return result
  }

  /// The pipeline at one strength, which the record of its stage then names.
  private func run(_ start: Graph, _ strength: Double) throws(TrialError) -> TrialPipeline.Outcome {
    var stages = runner.spec.stages
    let index = stages.firstIndex { $0.choice?.hasStrength ?? false } ?? 0
    stages[index].choice = stages[index].choice?.withStrength(strength)
    let pipeline = TrialPipeline(
      runner, data: data, teacher: teacher, logits: logits, stages: stages, branch: "strength-\(strength)")
    var outcome = try pipeline.run(start)
    outcome.stages[index].name += " (strength \(strength))"
    return outcome
  }

  private func teacherAccuracy() throws(TrialError) -> Double {
    guard let teacher, let top1 = try TrialPipeline.validate(teacher, runner, data.asSeenByTeacher()) else {
      throw .target("a goal needs a teacher and validation images: give the recipe a \"validation\" share")
    }
    return top1
  }

  /// How far an outcome is from the goal, and why; `nil` when it meets it.
  private func miss(
    of outcome: TrialPipeline.Outcome, bar: Double?, goal: TrialGoal
  ) throws(TrialError) -> (distance: Double, reason: String)? {
    if let bar {
      let top1 = outcome.validationTop1 ?? 0
      guard top1 < bar else { return nil }
      return (bar - top1, "\(top1) on validation images is below \(bar)")
    }
    let measurement = TrialMeasurement(runner, data: data, before: outcome.graph)
    let bytes = try measurement.fileBytes(outcome.graph)
    if let limit = goal.fileBytes, bytes > limit {
      return (Double(bytes - limit), "the file has \(bytes) bytes, \(bytes - limit) more than \(limit)")
    }
    if let target = goal.target, let reading = try measurement.reading(target, of: outcome.graph),
      !reading.fits
    {
      return (Double(reading.flashBytes + reading.ramBytes), reading.reason ?? "it does not fit \(target)")
    }
    return nil
  }
}

extension MethodChoice {
  /// The same choice at another strength.
  func withStrength(_ strength: Double) -> MethodChoice {
    MethodChoice(Self.with(method, strength), overrides: overrides)
  }

  private static func with<M: CompressionMethod>(_ method: M, _ strength: Double) -> any CompressionMethod {
    guard let path = M.strength else { return method }
    var method = method
    method[keyPath: path] = strength
    return method
  }
}
