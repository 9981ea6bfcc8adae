import Datasets
import Execution
import Foundation
import Graphs
import Ops
import Readings
import Recipes
import Runs
import Settings
import Simulation
import Targets
import Tensors
import Trials

/// Estimates of the resources and the time of every student that a fit could try, without training.
final class FitEstimates {
  private let trials: FitTrials
  private let profile: TargetProfile
  private let planned: PlannedComparison
  private let teacher: Graph
  private let environment: TrialEnvironment
  private let meter: TargetMeter?
  private var forecast: TrialForecast
  private var previews: [String: TrialPreview] = [:]
  private var readings: [String: Reading] = [:]

  /// Plans the students of all families; estimates are made when they are needed.
  init(
    _ trials: FitTrials, _ options: RunOptions, backend: any Backend, on profile: TargetProfile
  ) throws {
    self.trials = trials
    self.profile = profile
    meter = options.meter
    let students = trials.families.flatMap { family in
      family.strengths.map { FitStudent(family: family, strength: $0) }
    }
    let text = trials.recipe(students, epochs: Self.passes)
    let recipe = try Recipe(SettingsNode(yaml: text, source: "the recipe of the fit"), defaultName: "fit")
    planned = try PlannedComparison(
      recipe, options, drawingInto: options.directory + "/data", backend: backend)
    teacher = try planned.untrainedTeacher()
    var datasets = planned.options.datasets
    datasets.progress = nil
    environment = TrialEnvironment(
      backend: backend, datasetOptions: datasets, targetFolders: options.targets)
    forecast = TrialForecast(TrainingPace(environment))
  }

  /// The number of epochs in the planned recipes, large enough that shares of it are hardly rounded.
  private static let passes = 100

  // MARK: The device

  /// The index of the weakest strength of a family that keeps the limits; `nil` where none does.
  ///
  /// The profile's cost model finds it. Then the program is simulated if possible, and stronger ones are
  /// tried until the simulation agrees.
  func weakestThatFits(_ family: FitFamily, _ limits: FitLimits) throws -> Int? {
    let strengths = family.strengths
    guard try fits(FitStudent(family: family, strength: strengths[strengths.count - 1]), limits) else {
      return nil
    }
    // The strongest one fits; weaker ones take more.
    var (weak, fitting) = (-1, strengths.count - 1)
    while fitting - weak > 1 {
      let middle = (weak + fitting) / 2
      if try fits(FitStudent(family: family, strength: strengths[middle]), limits) {
        fitting = middle
      } else {
        weak = middle
      }
    }
    while try !isConfirmed(FitStudent(family: family, strength: strengths[fitting]), limits) {
      fitting += 1
      guard fitting < strengths.count else { return nil }
    }
    return fitting
  }

  /// True if a student keeps the limits when its program is run; programs that cannot be run count as
  /// fitting.
  private func isConfirmed(_ student: FitStudent, _ limits: FitLimits) throws -> Bool {
    guard let meter, profile.basis != .measured, !meter.takesMinutes(profile) else { return true }
    let preview = try preview(of: student.name)
    let graph = try preview.graph.foldedForInference()
    guard let shape = graph.inputs.first?.shape else { return true }
    let model = Model(
      graph: graph, classes: planned.material.classes,
      input: InputDescription(
        shape: shape, mean: Array(repeating: 0, count: shape[0]),
        deviation: Array(repeating: 1, count: shape[0])),
      split: SettingsNode(.mapping([])), provenance: SettingsNode(.mapping([])))
    // Cycles in integers do not depend on the image.
    let reading = try meter.waitForReading(
      model, flashBytes: preview.fileBytes, on: profile,
      images: [Array(repeating: 0, count: shape.count)]
    ).reading
    guard reading.basis == Reading.Basis.simulated.rawValue else { return true }
    readings[student.name] = reading
    return reading.fits && keeps(reading, limits)
  }

  private func fits(_ student: FitStudent, _ limits: FitLimits) throws -> Bool {
    let reading = try reading(of: student)
    return keeps(reading, limits)
  }

  private func keeps(_ reading: Reading, _ limits: FitLimits) -> Bool {
    func keeps(_ resource: Resource, _ limit: Double?) -> Bool {
      guard let limit, let value = reading[resource]?.value else { return true }
      return value <= limit
    }
    let isTimed = profile.basis != .measured
    return keeps(.flash, limits.flashBytes) && keeps(.ram, limits.ramBytes)
      && (!isTimed || keeps(.latency, limits.latencyMs))
  }

  /// The smallest of all students that were estimated, with its resources, in words; `nil` without any.
  var smallest: String? {
    func order(_ name: String, _ reading: Reading) -> (Double, String) {
      (reading[.ram]?.value ?? 0, name)
    }
    return readings.min { order($0.key, $0.value) < order($1.key, $1.value) }.map { name, reading in
      func bytes(_ resource: Resource) -> String { "\(Int(reading[resource]?.value ?? 0))" }
      let latency = reading[.latency].map { ", \(String(format: "%.3g", $0.value)) ms" } ?? ""
      return "\(name): \(bytes(.flash)) bytes of flash, \(bytes(.ram)) of RAM\(latency)"
    }
  }

  /// The estimate of a student by the profile's cost model, with initial weights.
  private func reading(of student: FitStudent) throws -> Reading {
    if let reading = readings[student.name] { return reading }
    let graph = try preview(of: student.name).graph
    let reading = try profile.estimate(
      graph, flashBytes: TargetProfile.storedBytes(of: graph),
      measuredLatencyMs: profile.basis == .measured ? 0 : nil)
    readings[student.name] = reading
    return reading
  }

  // MARK: Time

  /// The seconds of the teacher's training.
  func teacherSeconds(epochs: Int) throws -> Double {
    guard let spec = planned.plan.trials.first(where: { $0.role == .teacher }) else { return 0 }
    return try seconds(spec, passes: epochs)
  }

  /// The seconds of teacher, stored logits and students in all, with `jobs` trials at a time after the
  /// teacher.
  func seconds(_ students: [FitStudent], epochs: Int, jobs: Int) throws -> Double {
    let specs = students.compactMap { student in spec(student.name).map { (student, $0) } }
    let needed = Set(specs.compactMap(\.1.logits))
    let logits = planned.plan.trials.filter { needed.contains($0.address) }
    var each: [Double] = []
    for (student, spec) in specs {
      each.append(try seconds(spec, passes: trials.passes(of: student.family, epochs)))
    }
    for spec in logits { each.append(try seconds(spec, passes: epochs)) }
    let together = each.reduce(0, +) / Double(jobs)
    return try teacherSeconds(epochs: epochs) + max(together, each.max() ?? 0)
  }

  /// The seconds of a trial if its trained stages have `passes` epochs.
  private func seconds(_ spec: TrialSpec, passes: Int) throws -> Double {
    var preview = try preview(spec)
    for index in preview.stages.indices where preview.stages[index].epochs > 0 {
      preview.stages[index].epochs = passes
    }
    return try forecast.seconds(spec, preview)
  }

  private func spec(_ name: String) -> TrialSpec? {
    planned.plan.trials.first { $0.name == name && $0.role == .student }
  }

  private func preview(of name: String) throws -> TrialPreview {
    guard let spec = spec(name) else { preconditionFailure("every student of a fit is planned") }
    return try preview(spec)
  }

  private func preview(_ spec: TrialSpec) throws -> TrialPreview {
    if let preview = previews[spec.address] { return preview }
    let preview = try TrialPreview(spec, teacher: teacher, environment)
    previews[spec.address] = preview
    return preview
  }
}
