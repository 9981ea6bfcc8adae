import Comparison
import Foundation
import Recipes
import Runs
import Settings
import Trials

/// The estimate for a recipe: its trials, the stages and sizes of each, and the time of all together.
struct PlanEstimate {
  /// The teacher, the students and the controls of the first seed, in the order of the plan.
  let rows: [(TrialSpec, TrialPreview)]

  private let planned: PlannedComparison
  private let seconds: [String: Double]
  private let forecast: TrialForecast
  private let whole: Double
  private let left: Double
  private let done: Int
  private let cluster: SlurmEstimate?

  /// Previews every trial of the first seed and measures the pace of each distinct network.
  init(_ planned: PlannedComparison, _ environment: TrialEnvironment) throws {
    self.planned = planned
    let teacher = try planned.untrainedTeacher()
    let first = planned.plan.trials.filter { $0.seed == planned.recipe.seeds[0] }
    var previews: [(TrialSpec, TrialPreview)] = []
    var shapes: [String: TrialPreview] = [:]
    var forecast = TrialForecast(TrainingPace(environment))
    var seconds: [String: Double] = [:]
    for spec in first {
      var shape: TrialPreview?
      if case .shape(let address) = spec.start { shape = shapes[address] }
      // A student's teacher may be another student.
      let taught = previews.first { $0.0.address == spec.teacher && $0.0.role == .student }
      let preview = try TrialPreview(
        spec, teacher: taught?.1.structure ?? teacher, shape: shape?.structure, environment)
      shapes[spec.address] = preview
      seconds[Self.key(spec)] = try forecast.seconds(
        spec, preview, repeats: planned.plan.repeats(of: spec))
      previews.append((spec, preview))
    }
    rows = previews.filter { $0.0.role.isRow }
    self.seconds = seconds
    self.forecast = forecast
    let finished = planned.finishedTrials
    let done = finished.reduce(0) { $0 + 1 + (planned.plan.searches[$1]?.tries ?? 0) }
    self.done = done
    whole = planned.span { seconds[Self.key($0)] ?? 0 }
    cluster = planned.options.slurm.map { profile in
      let waiting = planned.plan.trials.filter { !finished.contains($0.address) }
      let times = waiting.map { seconds[Self.key($0)] ?? 0 }
      let single = zip(waiting, times).map { $1 / Double(planned.plan.repeats(of: $0)) }
      return SlurmEstimate(
        profile, threads: planned.recipe.threads, jobs: planned.plan.count - done, seconds: times,
        longest: single.max() ?? 0)
    }
    left = planned.span { finished.contains($0.address) ? 0 : seconds[Self.key($0)] ?? 0 }
  }

  /// A key that is equal for the trials of one row over seeds.
  ///
  /// Stored logits share a name, so their keys include the number of training images.
  private static func key(_ spec: TrialSpec) -> String {
    "\(spec.role) \(spec.name)" + (spec.role == .logits ? " \(spec.trainingImages(of: 1_000_000))" : "")
  }

  /// The paragraphs below the list of trials.
  var texts: [String] {
    let trials = planned.plan.count.counted("trial")
    let seeds = planned.recipe.seeds.count.counted("seed")
    var time = "about \(Self.words(whole)) with \(planned.jobs.counted("job"))"
    if done > 0 { time += "; \(done) of them done, about \(Self.words(left)) left" }
    return ["\(trials) with \(seeds): \(time)"] + (cluster.map { [Self.text($0)] } ?? []) + [basis]
  }

  /// What a cluster has to do, with a warning if its limit of time is too short.
  private static func text(_ cluster: SlurmEstimate) -> String {
    let nodes =
      cluster.jobsPerNode == 1 ? "one trial a node" : "\(cluster.jobsPerNode) trials a node"
    var text =
      "Slurm: \(cluster.jobs.counted("job")) of \(cluster.cores.counted("core")), about "
      + "\(hours(cluster.coreHours)) core-hours, \(hours(cluster.nodeHours)) node-hours with \(nodes); "
      + "the longest takes about \(words(cluster.longest))"
    if let limit = cluster.limit, cluster.longest > limit {
      text += ", more than the profile's time of \(words(limit)): raise it"
    }
    return text
  }

  private static func hours(_ value: Double) -> String {
    String(format: value < 9.95 ? "%.2g" : "%.0f", value)
  }

  private var basis: String {
    let pace = forecast.pace
    var text =
      "time: from some training steps of \(pace.measured.counted("distinct network")) on these images and this machine just now, "
      + "one at a time (\(Self.words(pace.seconds)))"
    if pace.scaled > 0 {
      text += "; \(pace.scaled.counted("more network")) scaled from the first one by multiply-adds"
    }
    return text + "; trials that run beside each other, or beside other work, take longer"
  }

  /// The estimate as JSON.
  var node: SettingsNode {
    SettingsNode(mapping: [
      "schema": 1.node, "trials": planned.plan.count.node, "done": done.node,
      "seeds": planned.recipe.seeds.count.node, "jobs": planned.jobs.node, "seconds": whole.node,
      "secondsLeft": left.node, "slurm": cluster.map(Self.node) ?? SettingsNode(.null), "basis": basis.node,
      "measuredNetworks": forecast.pace.measured.node,
      "scaledNetworks": forecast.pace.scaled.node,
      "students": SettingsNode(
        .list(
          rows.map { spec, preview in
            SettingsNode(mapping: [
              "name": spec.name.node, "role": spec.role.node, "methods": spec.methods.node,
              "seconds": (seconds[Self.key(spec)] ?? 0).node,
              "parameters": preview.parameters.node, "nonZeros": preview.nonZeros.node,
              "multiplyAdds": preview.multiplyAdds.node, "fileBytes": preview.fileBytes.node,
              "stages": SettingsNode(.list(preview.stages.map(Self.node))),
            ])
          })),
    ])
  }

  private static func node(_ cluster: SlurmEstimate) -> SettingsNode {
    SettingsNode(mapping: [
      "jobs": cluster.jobs.node, "cores": cluster.cores.node, "jobsPerNode": cluster.jobsPerNode.node,
      "coreHours": cluster.coreHours.node, "nodeHours": cluster.nodeHours.node,
      "longestSeconds": cluster.longest.node, "limitSeconds": cluster.limit.node,
    ])
  }

  private static func node(_ stage: TrialPreview.Stage) -> SettingsNode {
    SettingsNode(mapping: [
      "name": stage.name.node, "epochs": stage.epochs.node, "objective": stage.objective.node,
      "touched": stage.touched.node,
      "untouched": SettingsNode(
        .list(
          stage.untouched.map { SettingsNode(mapping: ["reason": $0.reason.node, "layers": $0.layers.node]) })
      ),
      "idle": stage.idle.node, "warnings": stage.warnings.node,
    ])
  }

  private static func words(_ seconds: Double) -> String {
    switch seconds {
    case ..<90: "\(Int(seconds.rounded(.up))) s"
    case ..<5400: "\(Int((seconds / 60).rounded())) min"
    default: String(format: "%.1f h", seconds / 3600)
    }
  }
}
