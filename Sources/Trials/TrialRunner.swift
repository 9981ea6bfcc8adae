import Datasets
import Encodings
public import Execution
import Export
import Foundation
package import Graphs
import Methods
import Ops
public import Runs
package import Settings
import Tasks
import Tensors
import Training

/// Runs one trial in its directory: the stages, the student's file and its measurement.
///
///     let runner = TrialRunner(spec, directory: "runs/demo/trials/" + spec.directoryName, environment)
///     let result = try runner.run()
///
/// The result is a function of the specification alone. `result.json` (for a candidate `candidate.json`, for
/// stored logits `logits.bin`) is written last and marks the trial as finished. A trial whose process was
/// killed resumes at the stage, and within it at the step, where it stopped.
public final class TrialRunner {
  /// The trial's specification.
  package let spec: TrialSpec
  let directory: String
  let environment: TrialEnvironment
  private let clock = ContinuousClock()

  /// Makes a runner for a trial in a directory, which is made if it is missing.
  public init(_ spec: TrialSpec, directory: String, _ environment: TrialEnvironment) {
    self.spec = spec
    self.directory = directory
    self.environment = environment
  }

  /// The folder of the run's trials.
  var folder: TrialFolder {
    TrialFolder(path: URL(filePath: directory).deletingLastPathComponent().path)
  }

  /// Runs the trial; returns `nil` for stored logits and candidates, which are no rows.
  public func run() throws -> TrialResult? {
    try spec.requireMachine(of: environment.backend)
    if spec.isPlanned {
      throw TrialError.damaged(
        path: path(TrialFolder.specification), reason: "is a plan's; run its trials with condense compare")
    }
    let began = clock.now
    try TrialFolder.write(
      Array((spec.node.prettyJSON + "\n").utf8), to: path(TrialFolder.specification))
    let teacher = try teacherModel()
    if case .candidate(let address, let all) = spec.start {
      return try take(address, among: all, teacher: teacher, began)
    }
    var start = try startingGraph(teacher)
    guard let shape = start.inputs.first?.shape else { throw GraphError.noOutputs }
    let inherits: InputDescription? = teacher.flatMap {
      spec.role == .logits || startsFromTeacher ? $0.input : nil
    }
    var data = try TrialData(
      spec, input: shape,
      normalization: inherits.map { Normalization(mean: $0.mean, deviation: $0.deviation) }, environment)
    data.teacherNormalization = teacher.map {
      Normalization(mean: $0.input.mean, deviation: $0.input.deviation)
    }
    if spec.role == .logits {
      guard let teacher else {
        throw TrialError.missingTrial(address: spec.teacher ?? "", folder: folder.path)
      }
      try storeLogits(of: teacher, data)
      return nil
    }
    if case .sliced(_, _, let images) = spec.start {
      start = try measuredNorms(of: start, data, images: images)
    }
    return try runStages(start, data, teacher?.graph, prepared: (clock.now - began).inSeconds)
  }

  private func runStages(
    _ start: Graph, _ data: TrialData, _ teacher: Graph?, prepared: Double
  ) throws -> TrialResult? {
    let pipeline = TrialPipeline(self, data: data, teacher: teacher, logits: try logitsPath())
    let outcome: TrialPipeline.Outcome
    do {
      outcome = try pipeline.run(start)
      if spec.role == .candidate, try TrialPipeline.scores(of: outcome.graph, self, data)?.isFinite == false {
        throw TrialError.outputsNotFinite
      }
    } catch {
      guard spec.role == .candidate, let reason = error.divergence else { throw error }
      try write(
        CandidateResult(
          name: spec.name, seed: spec.seed, address: spec.address, metric: data.task.metric, failure: reason))
      StageStore.remove(in: directory)
      return nil
    }
    try TrialFolder.write(
      Array((outcome.structure.prettyJSON + "\n").utf8), to: path(TrialFolder.structure))
    let measurement = TrialMeasurement(self, data: data, before: teacher ?? start)
    let seconds = prepared + outcome.seconds
    let classes = data.dataset.classes
    if spec.role == .candidate {
      try write(measurement.candidate(of: outcome, seconds: seconds, classes: classes))
      StageStore.remove(in: directory)
      return nil
    }
    let result = try measurement.result(of: outcome, seconds: seconds, classes: classes)
    try write(result)
    StageStore.remove(in: directory)
    return result
  }

  // MARK: Searches

  /// Measures the student of a chosen candidate without training it again.
  private func take(
    _ address: String, among all: [String], teacher: Model?, _ began: ContinuousClock.Instant
  ) throws -> TrialResult {
    guard let teacher, let place = spec.teacher, let goal = spec.goal else {
      throw TrialError.missingTrial(address: spec.teacher ?? "", folder: folder.path)
    }
    let candidates = try all.map { try folder.candidate($0) }
    let (index, miss) = try goal.best(
      of: candidates, teacher: try folder.validation(ofTeacher: place))
    guard candidates[index].address == address else {
      throw TrialError.damaged(
        path: path(TrialFolder.specification), reason: "another candidate of its search is better")
    }
    let chosen = try trialDirectory(address)
    for file in [TrialFolder.student, TrialFolder.structure, StageLog.file] { try copy(file, from: chosen) }
    let model = try AnyModelFile.read(path(TrialFolder.student))
    let data = try TrialData(
      spec, input: model.input.shape,
      normalization: Normalization(mean: model.input.mean, deviation: model.input.deviation), environment)
    var findings = TrialMeasurement.Findings(
      stages: candidates[index].stages, validation: candidates[index].validation,
      warnings: candidates[index].warnings,
      // The cost of the whole search is the cost of the student.
      cost: TrialResult.Cost(
        trainingImages: candidates.reduce(0) { $0 + $1.cost.trainingImages },
        seconds: candidates.reduce((clock.now - began).inSeconds) { $0 + $1.cost.seconds }))
    if let miss { findings.warnings.append("the goal was missed: \(miss.reason)") }
    let result = try TrialMeasurement(self, data: data, before: teacher.graph).result(
      of: model.graph, model: TrialFolder.student, findings, classes: data.dataset.classes)
    try write(result)
    return result
  }

  /// Copies a file of another trial's directory; a log may be missing, as without training there is none.
  private func copy(_ file: String, from place: String) throws {
    guard let bytes = FileManager.default.contents(atPath: place + "/" + file) else {
      if file == StageLog.file { return }
      throw TrialError.damaged(path: place + "/" + file, reason: "cannot be read")
    }
    try TrialFolder.write([UInt8](bytes), to: path(file))
  }

  /// Stores the teacher's logits for the training images, in the stream that students are distilled on.
  private func storeLogits(of teacher: Model, _ data: TrialData) throws {
    guard let training = spec.stages.first?.training else { return }
    let settings = data.resolved(training)
    let loader = try data.training(settings)
    let stored = try located("stage 1") {
      try TeacherLogits.record(
        teacher.graph, task: data.task, to: path(TrialFolder.logits), backend: environment.backend,
        source: loader,
        epochs: settings.epochs, batch: settings.batch, precision: spec.precision, threads: spec.threads,
        shouldStop: environment.shouldStop)
    }
    if stored == nil { throw TrialError.stopped }
  }

  /// The path of a file in the trial's directory.
  func path(_ name: String) -> String { directory + "/" + name }

  private var startsFromTeacher: Bool {
    switch spec.start {
    case .teacher, .model: true
    case .network, .inherited, .sliced, .shape, .candidate: false
    }
  }

  // MARK: What it starts from

  /// The teacher's model; `nil` where the trial needs none.
  private func teacherModel() throws -> Model? {
    if case .model(let path, _, let normalization) = spec.start {
      return try ModelReader.read(path, ImportOptions(text: normalization)).model
    }
    guard let address = spec.teacher else { return nil }
    let place = try trialDirectory(address) + "/"
    // A student that is the teacher left only its student file.
    let isStudent = !FileManager.default.fileExists(atPath: place + TrialFolder.teacher)
    let path = place + (isStudent ? TrialFolder.student : TrialFolder.teacher)
    return try AnyModelFile.read(path)
  }

  private func startingGraph(_ teacher: Model?) throws -> Graph {
    switch spec.start {
    case .network(let structure):
      return try freshGraph(structure, seed: spec.seed)
    case .inherited(let structure, let address):
      return Inheritance(
        of: try trainedNetwork(of: address), by: try freshGraph(structure, seed: spec.seed),
        random: SeededRandom(seed: spec.seed, purpose: "inheritance")
      ).graph
    case .sliced(let structure, let address, _):
      let shared = try trainedNetwork(of: address)
      return try WeightSlices(of: shared, by: freshGraph(structure, seed: spec.seed))
        .network(shared.parameters.mapValues(\.value))
    case .shape, .candidate:
      throw TrialError.damaged(
        path: path(TrialFolder.specification), reason: "is a plan's; run its trials with condense compare")
    case .teacher, .model:
      guard let teacher else {
        throw TrialError.missingTrial(address: spec.teacher ?? "", folder: folder.path)
      }
      return teacher.graph
    }
  }

  /// The network that a trial left for others to start from.
  private func trainedNetwork(of address: String) throws -> Graph {
    let path = try trialDirectory(address) + "/" + TrialFolder.trained
    guard let bytes = FileManager.default.contents(atPath: path) else {
      throw TrialError.damaged(path: path, reason: "cannot be read")
    }
    return try NetworkFile(bytes: [UInt8](bytes), file: path).graph
  }

  /// A network with statistics of batch norms over training images, which are not augmented.
  func measuredNorms(of graph: Graph, _ data: TrialData, images: Int) throws -> Graph {
    let source = try data.evidence(batch: TrialMeasurement.batch)
    return try NormStatistics.measured(
      graph, on: environment.backend, source, batch: source.options.batch, images: images,
      threads: spec.threads)
  }

  /// A network of a structure with parameters initialized from a seed.
  package func freshGraph(_ structure: SettingsNode, seed: UInt64) throws -> Graph {
    var graph = try Graph(structure: structure, catalogue: .standard)
    graph.values = [:]
    graph.initializeParameters(seed: seed)
    return graph
  }

  private func trialDirectory(_ address: String) throws -> String { try folder.required(address) }

  private func logitsPath() throws -> String? {
    try spec.logits.map { address in
      try trialDirectory(address) + "/" + TrialFolder.logits
    }
  }

  // MARK: What it leaves

  private func write(_ result: CandidateResult) throws {
    try result.write(to: path(CandidateResult.fileName))
  }

  private func write(_ result: TrialResult) throws { try result.write(to: path(TrialFolder.result)) }
}

extension TrialSpec {
  /// Throws `TrialError.otherMachine` for kernels of another instruction set or engine revision than the
  /// address names.
  ///
  /// Other kernels round sums differently.
  public func requireMachine(of backend: any Backend) throws {
    guard instructionSet == backend.instructionSet else {
      throw TrialError.otherMachine(
        what: "instruction set", expected: instructionSet, found: backend.instructionSet)
    }
    guard engine == Self.engineRevision else {
      throw TrialError.otherMachine(
        what: "engine revision", expected: "\(engine)", found: "\(Self.engineRevision)")
    }
  }
}
