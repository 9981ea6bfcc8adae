import DNNL
import Datasets
import Execution
import Foundation
import Graphs
import Methods
import Settings
import Tasks
import Training
import Trials

/// Measures the curves of a study that the cache does not hold, layer by layer; after Ctrl-C, complete curves
/// are kept.
struct SensitivityMeasurement {
  private let study: LayerSensitivity
  private let material: ScoringMaterial
  private let sparsities: [Double]
  private let threads: Int
  private let loader: Loader
  /// The number of batches that are evaluated.
  private let batches: Int
  private let store: SensitivityStore?
  private let signals = StopSignals()

  /// Prepares the measurement on at most `images` of the split, drawn at random; `nil` takes all.
  init(
    _ study: LayerSensitivity, _ material: ScoringMaterial, split: Split?, images: Int?,
    sparsities: [Double], threads: Int
  ) throws {
    (self.study, self.material, self.sparsities, self.threads) = (study, material, sparsities, threads)
    let isPart =
      images.map { $0 < split.map(material.data.count(of:)) ?? material.data.records.count } ?? false
    loader = try material.loader(split, shuffledBy: isPart ? 0 : nil)
    let wanted = images.map { ($0 + ScoringMaterial.batch - 1) / ScoringMaterial.batch }
    batches = min(wanted ?? loader.stepsPerEpoch, loader.stepsPerEpoch)
    let backend = DNNLBackend()
    let identity = SensitivityIdentity(
      study,
      images: SettingsNode(mapping: [
        "stream": loader.stream, "batches": batches.node, "classes": material.classes.node,
      ]),
      sparsities: sparsities, arithmetic: "\(backend.instructionSet), \(threads) threads")
    store = DatasetOptions.defaultCacheDirectory().map { SensitivityStore(identity, cache: $0) }
  }

  /// The number of images that are evaluated.
  var imageCount: Int { min(batches * ScoringMaterial.batch, loader.count) }

  /// The judgement of the unpruned model.
  func whole() throws -> LayerSensitivity.Judgement {
    if let known = known.first(where: \.layers.isEmpty)?.points.first {
      return LayerSensitivity.Judgement(loss: known.loss, value: known.value)
    }
    guard let judgement = try judge(study.graph) else { throw stopped(measured: 0) }
    guard judgement.loss != nil || judgement.value.isFinite else {
      throw CommandFailure.outputsNotFinite(of: material.modelName, on: material.dataName)
    }
    let point = SensitivityCurve.Point(sparsity: 0, loss: judgement.loss, value: judgement.value)
    keep([SensitivityCurve(layers: [], points: [point])])
    return judgement
  }

  /// The curve of every layer, measured after the unpruned model.
  func curves() throws -> [SensitivityCurve] {
    var stored = known
    var curves: [SensitivityCurve] = []
    let evidence = try evidence()
    for (number, layer) in study.layers.enumerated() {
      if let curve = stored.first(where: { $0.layers == layer }) {
        curves.append(curve)
        continue
      }
      let words = "layer \(number + 1) of \(study.layers.count): \(layer.joined(separator: ", "))"
      var done = 0
      let curve = try failing(.badInput) {
        try study.curve(of: layer, at: sparsities, evidence: evidence) { graph in
          draw("\(words): \(done) of \(sparsities.count)")
          done += 1
          return try judge(graph)
        }
      }
      draw("")
      guard let curve else { throw stopped(measured: number) }
      if !Console.isTerminal { Console.note(words) }
      curves.append(curve)
      stored.append(curve)
      keep(stored)
    }
    return curves
  }

  /// Writes the known curves to the cache; a failure costs only time and is reported.
  private func keep(_ curves: [SensitivityCurve]) {
    do { try store?.save(curves) } catch { Console.note("not kept for a second call: \(error)") }
  }

  /// The curves of this study in the cache that have the requested points.
  private var known: [SensitivityCurve] {
    (store?.curves() ?? []).filter { curve in
      curve.layers.isEmpty ? curve.points.count == 1 : curve.points.map(\.sparsity) == sparsities
    }
  }

  private func draw(_ text: String) {
    guard Console.isTerminal else { return }
    Console.draw("\r\u{1B}[K" + text.prefix(Console.width - 1))
  }

  private func stopped(measured: Int) -> CommandFailure {
    CommandFailure(
      signals.status,
      "stopped: \(measured) of \(study.layers.count.counted("layer")) are measured"
        + (store == nil ? "" : " and kept; the same command goes on with the rest"))
  }

  /// The loss and metric of a network on the images; `nil` if the user asked to stop.
  private func judge(_ graph: Graph) throws -> LayerSensitivity.Judgement? {
    try failing(.badInput) {
      let evaluator = try Evaluator(
        graph, task: material.task, backend: DNNLBackend(), batch: ScoringMaterial.batch, precision: .f32,
        threads: threads)
      let scores = try evaluator.score(
        FirstBatches(loader, batches), classes: material.classes, shouldStop: { signals.isStopping })
      return scores.map { LayerSensitivity.Judgement(loss: $0.loss, value: $0.value) }
    }
  }

  /// The evidence for criteria: training images without augmentation.
  private func evidence() throws -> any Evidence {
    let count = material.data.count(of: .train)
    guard count > 0 else { return NoEvidence() }
    // Evidence takes the data's classes as the network's classes.
    guard study.evidence.isEmpty || material.classes == Array(material.classes.indices) else {
      throw CommandFailure(
        .badInput,
        "\(material.modelName): its classes stand in another order than the data's; choose a criterion that looks at weights "
          + "alone")
    }
    let batch = min(ScoringMaterial.batch, count)
    return PlanEvidence(
      study.graph, task: material.task, backend: DNNLBackend(),
      source: try material.loader(.train, batch: batch, shuffledBy: 0), batch: batch, threads: threads)
  }
}

/// A source of only the first batches in each epoch of another source.
final class FirstBatches: BatchSource {
  private let source: any BatchSource
  private let most: Int
  private var given = 0

  init(_ source: any BatchSource, _ most: Int) { (self.source, self.most) = (source, most) }

  var stepsPerEpoch: Int { min(most, source.stepsPerEpoch) }
  var count: Int { source.count }
  var stream: SettingsNode {
    SettingsNode(mapping: ["source": source.stream, "batches": most.node])
  }

  func startEpoch(_ epoch: Int, fromStep: Int) {
    given = fromStep
    source.startEpoch(epoch, fromStep: fromStep)
  }

  func next() throws(DatasetError) -> Batch? {
    guard given < most else { return nil }
    given += 1
    return try source.next()
  }
}
