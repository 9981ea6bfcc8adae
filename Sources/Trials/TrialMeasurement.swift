import Datasets
import Encodings
import Execution
import Foundation
package import Graphs
import Images
import Integers
import Ops
import Readings
import Runs
import Settings
import Tasks
import Tensors
import Training

/// Writes the student's file, loads it back, and measures the loaded network.
package struct TrialMeasurement {
  /// The batch size of evaluations and evidence.
  package static let batch = 128
  /// The largest number of mistakes that are kept with their images.
  static let keptMistakes = 12
  /// The most pictures that are kept with what was found in them.
  static let keptPictures = 8

  private let runner: TrialRunner
  private let data: TrialData
  /// The network that layers are compared with: the teacher's, or the start.
  private let before: Graph

  /// Makes a measurement of a trial.
  package init(_ runner: TrialRunner, data: TrialData, before: Graph) {
    self.runner = runner
    self.data = data
    self.before = before
  }

  private var spec: TrialSpec { runner.spec }

  /// Writes the student's file, loads it back, and measures the loaded network.
  func result(
    of outcome: TrialPipeline.Outcome, seconds: Double, classes: [String]
  ) throws -> TrialResult {
    let shipped = try shipped(outcome.graph)
    let name = try write(model(shipped, classes: classes), trained: outcome.graph, classes: classes)
    let findings = Findings(
      stages: outcome.stages, validation: outcome.validation, warnings: outcome.warnings,
      cost: TrialResult.Cost(trainingImages: outcome.trainingImages, seconds: seconds))
    return try result(of: shipped, model: name, findings, classes: classes)
  }

  /// The figures that the stages found for the network.
  struct Findings {
    var stages: [TrialResult.StageRecord]
    var validation: Double?
    var warnings: [String]
    var cost: TrialResult.Cost
  }

  /// Measures the student's file, which exists; `shipped` is the network that it was written from.
  func result(
    of shipped: Graph, model name: String, _ findings: Findings, classes: [String]
  ) throws -> TrialResult {
    let loaded = try AnyModelFile.read(runner.path(TrialFolder.student))
    let sizes = try sizes(of: loaded)
    let arithmetic = InferenceArithmetic(of: loaded.graph, floats: runner.environment.backend)
    let (accuracy, mistakes, pictures, work) = try accuracy(of: loaded, arithmetic)
    var warnings = findings.warnings
    if let refusal = arithmetic.refusal {
      warnings.append("measured in floats instead of integers: \(refusal)")
    }
    let dense = try self.sizes(of: self.model(try self.shipped(before), classes: classes))
    if spec.role == .student, sizes.codedBytes >= dense.fileBytes {
      warnings.append(
        "the file is no smaller than the teacher's: \(sizes.codedBytes) bytes against \(dense.fileBytes)")
    }
    let readings = try targets.readings(of: loaded, fileBytes: sizes.fileBytes, on: spec.targets)
    warnings += TrialReadings.warnings(readings)
    let gated = GatedWork(shipped)
    if let work {
      warnings.append(
        "multiply-adds differ between images: mean \(Int(work.mean.rounded())) over \(work.images) test images, "
          + "least \(work.least), most \(work.most); \(shipped.multiplyAdds) with all gates open"
      )
    }
    var result = TrialResult(
      name: spec.name, role: spec.role, seed: spec.seed, address: spec.address, methods: spec.methods,
      controlOf: spec.controlOf, classes: classes, accuracy: accuracy,
      validation: findings.validation, size: sizes, parameters: shipped.parameterCount,
      nonZeros: shipped.nonZeroCount, multiplyAdds: work.map { Int($0.mean.rounded()) } ?? gated.most,
      bits: bits(shipped),
      targets: readings, cost: findings.cost, stages: findings.stages,
      layers: try layers(shipped, classes: classes), mistakes: mistakes, warnings: warnings,
      model: name,
      threads: spec.threads, precision: spec.precision.rawValue, instructionSet: spec.instructionSet
    )
    result.pictures = pictures
    result.multiplyAddsPerImage = work.map {
      TrialResult.ImageWork(mean: $0.mean, least: $0.least, most: $0.most)
    }
    return result
  }

  /// Writes a candidate's student file, and judges it on validation images and the goal's target.
  func candidate(
    of outcome: TrialPipeline.Outcome, seconds: Double, classes: [String]
  ) throws -> CandidateResult {
    let shipped = try shipped(outcome.graph)
    _ = try write(model(shipped, classes: classes), trained: outcome.graph, classes: classes)
    let bytes = try fileBytes(outcome.graph)
    var result = CandidateResult(
      name: spec.name, seed: spec.seed, address: spec.address, metric: data.task.metric,
      validation: outcome.validation, fileBytes: bytes, multiplyAdds: GatedWork(shipped).most,
      reading: try reading(of: shipped, fileBytes: bytes),
      stages: outcome.stages,
      cost: TrialResult.Cost(trainingImages: outcome.trainingImages, seconds: seconds),
      warnings: outcome.warnings)
    if spec.isTruncated || spec.isShared { result.isCutShort = true }
    if let front = spec.goal?.front {
      let loaded = try AnyModelFile.read(runner.path(TrialFolder.student))
      result.readings = try targets.readings(
        of: loaded, fileBytes: bytes, on: front.targets, images: .validation, isFinished: false)
    }
    return result
  }

  /// The reading of a candidate on its goal's target; `nil` without a target.
  ///
  /// It is an estimate, as many candidates are compared. Where the goal limits a latency or other resources,
  /// it is simulated on validation images if that is possible.
  private func reading(of shipped: Graph, fileBytes: Int) throws -> Reading? {
    guard let goal = spec.goal, let name = goal.target else { return nil }
    guard goal.latencyMs != nil || goal.readsAsRows else {
      return try targets.estimate(name, shipped, fileBytes: fileBytes)
    }
    let loaded = try AnyModelFile.read(runner.path(TrialFolder.student))
    return try targets.readings(
      of: loaded, fileBytes: fileBytes, on: [name], images: .validation, isFinished: false)[
        name]
  }

  /// The record of a finished stage.
  func record(
    _ stage: TrialSpec.Stage, _ graph: Graph, validation: Double?, warnings: [String]
  ) throws -> TrialResult.StageRecord {
    let shipped = try shipped(graph)
    let model = model(shipped, classes: data.dataset.classes)
    let sizes = try sizes(of: model)
    let first = Array(spec.targets.prefix(1))
    let reading = try targets.readings(
      of: model, fileBytes: sizes.fileBytes, on: first, isFinished: false
    ).values.first
    var record = TrialResult.StageRecord(
      name: stage.name + (stage.label.map { " (\($0))" } ?? ""), epochs: stage.training?.epochs ?? 0,
      validation: validation,
      fileBytes: sizes.fileBytes, multiplyAdds: GatedWork(shipped).most, nonZeros: shipped.nonZeroCount,
      energyMicrojoules: reading?[.energy]?.value, warnings: warnings)
    record.energyTarget = reading == nil ? nil : first.first
    record.energyOrigin = reading?.origin
    return record
  }

  // MARK: Files

  /// The network as it ships, with batch norms folded where the encodings allow it.
  package func shipped(_ graph: Graph) throws -> Graph {
    try graph.foldedForInference()
  }

  private func model(_ graph: Graph, classes: [String]) -> Model {
    Model(
      graph: graph, classes: classes, input: data.inputDescription,
      split: data.dataset.splitDescription.node,
      provenance: SettingsNode(mapping: ["trial": spec.address.node]))
  }

  /// Writes the student's file, and a teacher as safetensors too, from which students start.
  private func write(_ model: Model, trained: Graph, classes: [String]) throws -> String {
    try StudentFile.write(model, to: runner.path(TrialFolder.student), coded: true)
    guard spec.role == .teacher else { return TrialFolder.student }
    let teacher = self.model(trained, classes: classes)
    try ModelFile.write(teacher, to: runner.path(TrialFolder.teacher))
    return TrialFolder.teacher
  }

  private func sizes(of model: Model) throws -> TrialResult.Size {
    let sizes = try StudentFile.sizes(of: model)
    return TrialResult.Size(fileBytes: sizes.fileBytes, codedBytes: sizes.codedBytes)
  }

  // MARK: Counts

  /// The bits of most weights and the largest bits of a value: `w8a8`.
  private func bits(_ graph: Graph) -> String {
    var counts: [Int: Int] = [:]
    for node in graph.nodes {
      for (name, slot) in graph.slots(of: node) where slot.decays {
        counts[graph.parameters[name]?.encoding.bits ?? 32, default: 0] += slot.shape.count
      }
    }
    let weights = counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? 32
    return "w\(weights)a\(isInteger(graph) ? graph.values.values.map(\.bits).max() ?? 32 : 32)"
  }

  /// True if a device would store every value as an integer.
  private func isInteger(_ graph: Graph) -> Bool { graph.hasEncodedValues }

  private func layers(_ graph: Graph, classes: [String]) throws -> [TrialResult.LayerRecord] {
    func tensors(_ graph: Graph) throws -> [TensorSize] {
      try StudentFile.tensorSizes(of: model(graph, classes: classes), coded: true)
    }
    func bytes(_ tensors: [TensorSize]) -> [String: Int] {
      var sums: [String: Int] = [:]
      for tensor in tensors {
        let node = ParameterRole.split(tensor.name)?.node ?? tensor.name
        sums[node, default: 0] += tensor.bytes
      }
      return sums
    }
    let first = try shipped(before)
    let (worksBefore, worksAfter) = (GatedWork(first), GatedWork(graph))
    let after = try tensors(graph)
    let (bytesBefore, bytesAfter) = (bytes(try tensors(first)), bytes(after))
    let forms = Dictionary(after.map { ($0.name, $0.form) }, uniquingKeysWith: { first, _ in first })
    var names = first.nodes.map(\.name)
    let known = Set(names)
    names += graph.nodes.map(\.name).filter { !known.contains($0) }
    return names.compactMap { name in
      let (old, new) = (first.node(named: name), graph.node(named: name))
      let record = TrialResult.LayerRecord(
        name: name, kind: (new ?? old)?.op.kind ?? "",
        encoding: forms[ParameterRole.weight.name(of: name)] ?? "",
        bytesBefore: bytesBefore[name] ?? 0, bytesAfter: bytesAfter[name] ?? 0,
        multiplyAddsBefore: old.map { worksBefore.most(of: $0.name) } ?? 0,
        multiplyAddsAfter: new.map { worksAfter.most(of: $0.name) } ?? 0)
      let isSilent =
        record.bytesBefore + record.bytesAfter + record.multiplyAddsBefore + record.multiplyAddsAfter == 0
      return isSilent ? nil : record
    }
  }

  // MARK: Accuracy

  /// Scores the test images; no other code reads the test split for accuracies.
  private func accuracy(
    of model: Model, _ arithmetic: InferenceArithmetic
  ) throws -> (
    accuracy: TrialResult.Accuracy, mistakes: [TrialResult.Mistake],
    pictures: [TrialResult.Picture]?,
    work: ImageWork?
  ) {
    let loader = try data.test(batch: Self.batch)
    let task = data.task
    var worst: [Miss] = []
    // Pictures from all of the test images.
    let count = data.dataset.count(of: .test)
    let shown = Set((0..<Self.keptPictures).map { $0 * count / Self.keptPictures })
    var seen = 0
    var pictured: [Miss] = []
    let evaluator = try Evaluator(
      model.graph, task: task, backend: arithmetic.backend, batch: Self.batch, precision: .f32,
      threads: spec.threads)
    let scores = try evaluator.score(
      loader,
      listener: { batch, place, finding in
        let item = Miss(
          index: batch.indices[place], truth: batch.annotations[place], finding: finding)
        if shown.contains(seen), case .boxes = finding.said { pictured.append(item) }
        seen += 1
        if !finding.isRight { worst.append(item) }
      })
    guard let scores else { throw TrialError.stopped }
    guard scores.isFinite else { throw TrialError.outputsNotFinite }
    worst.sort { ($1.finding.confidence, $0.index) < ($0.finding.confidence, $1.index) }
    return (
      TrialResult.Accuracy(scores.details, arithmetic: arithmetic.name),
      try worst.prefix(Self.keptMistakes).map { item in try mistake(item, model) },
      pictured.isEmpty ? nil : try pictured.map { item in try picture(item) },
      evaluator.imageWork
    )
  }

  /// An image with a wrong answer.
  private struct Miss {
    let index: Int
    let truth: Annotation
    let finding: Finding
  }

  private func mistake(_ item: Miss, _ model: Model) throws -> TrialResult.Mistake {
    TrialResult.Mistake(
      file: data.dataset.records[item.index].path, truth: item.truth.words(model.classes),
      predicted: item.finding.said.words(model.classes), confidence: item.finding.confidence,
      png: try png(of: item))
  }

  /// A test image with the boxes around what is there and what was found.
  private func picture(_ item: Miss) throws -> TrialResult.Picture {
    func things(_ boxes: [LabelledBox], _ confidences: [Double]) -> [TrialResult.Picture.Thing] {
      boxes.enumerated().map { place, thing in
        TrialResult.Picture.Thing(
          label: thing.label, left: Double(thing.box.left), top: Double(thing.box.top),
          right: Double(thing.box.right), bottom: Double(thing.box.bottom),
          confidence: confidences.indices.contains(place) ? confidences[place] : nil)
      }
    }
    return TrialResult.Picture(
      file: data.dataset.records[item.index].path, width: data.input.width,
      height: data.input.height,
      png: try png(of: item), truth: things(item.truth.things, []),
      found: things(item.finding.said.things, item.finding.confidences))
  }

  /// The image as the network took it.
  private func png(of item: Miss) throws -> String {
    let image = try data.dataset.image(at: item.index, as: data.input)
    return Data((try? ImageEncoder.png(image)) ?? []).base64EncodedString()
  }

  // MARK: Targets

  private var targets: TrialReadings { TrialReadings(spec, runner.environment, data: data) }

  /// The size in bytes of the file that a network would ship in.
  package func fileBytes(_ graph: Graph) throws -> Int {
    try sizes(of: model(shipped(graph), classes: data.dataset.classes)).fileBytes
  }
}
