import ArgumentParser
import CProcess
import DNNL
import Datasets
import Execution
import Export
import Foundation
import Graphs
import Images
import Integers
import Ops
import Settings
import Tasks
import Tensors
import Training

/// The command `condense evaluate`: scores a model on images that it was not trained on.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Score a model: what its task is judged by, and how it did on every class.",
    discussion: """
      A model knows how its data was split; the same split is used here, and images that were trained on are refused \
      unless --split all is given. A student whose values are all integers is computed in integers, as a device does; other \
      models in 32-bit floats, whatever precision they were trained in.
      """)

  @Argument(
    help:
      "A model: safetensors that `condense train` wrote, a student (.condensed), an ONNX or a TensorFlow Lite file; or RUN/ROW, a row of a comparison."
  )
  var model: String

  @Option(help: "A manifest's name, or the path of a manifest, a folder or an archive.")
  var data: String

  @Option(help: "Which images: test, val, or all.")
  var split = "test"

  @Option(help: "Compute threads. (default: all cores)")
  var threads: Int?

  @OptionGroup var normalization: NormalizationOption

  @Flag(help: "Leave out files that cannot be read instead of stopping.")
  var skipBad = false

  @Option(help: "A CSV file to write every image's prediction to.")
  var predictions: String?

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads must be in 1...1024, found \(threads)")
    }
    guard split == "all" || Split(rawValue: split) != nil else {
      throw ValidationError("--split must be train, val, test or all, found \"\(split)\"")
    }
  }

  func run() throws {
    condense_prepare_compute()
    let material = try ScoringMaterial(
      model: self.model, data: self.data, normalization.importOptions(), skipBad: skipBad)
    try requireUnseen(material)
    let (model, data, classes) = (material.model, material.data, material.classes)
    let loader = try material.loader(Split(rawValue: split))
    var table = predictions.map { _ in PredictionTable() }
    let clock = ContinuousClock()
    let arithmetic = InferenceArithmetic(of: model.graph, floats: DNNLBackend())
    arithmetic.tellRefusal(of: self.model)
    let evaluator = try failing(.internal) {
      try Evaluator(
        model.graph, task: material.task, backend: arithmetic.backend, batch: ScoringMaterial.batch,
        precision: .f32,
        threads: threads ?? max(1, ProcessInfo.processInfo.activeProcessorCount))
    }
    let began = clock.now
    let scores = try failing(.badInput) {
      try evaluator.score(
        loader, classes: classes,
        listener: { batch, place, finding in
          table?.add(
            data.records[batch.indices[place]].path,
            truth: batch.annotations[place].renumbered(classes).words(model.classes),
            prediction: finding.said.words(model.classes), probability: finding.confidence)
        })
    }
    guard let scores else { return }
    guard scores.isFinite else { throw CommandFailure.outputsNotFinite(of: self.model, on: self.data) }
    let report = EvaluationReport(
      split: split, scores: scores, classes: model.classes, seconds: (clock.now - began).inSeconds,
      skippedFiles: data.problems.count, arithmetic: arithmetic.name,
      work: evaluator.imageWork)
    if let predictions, let table { try failing(.badInput) { try table.write(to: predictions) } }
    Console.print(json ? report.node.prettyJSON : report.text)
  }

  /// Refuses images that the model was trained on, and images for which that is unknown.
  private func requireUnseen(_ material: ScoringMaterial) throws {
    guard split != "all" else { return }
    guard let reason = material.unknownSplit else {
      guard split == Split.train.rawValue else { return }
      throw CommandFailure(
        .badInput,
        "\(self.data): the model was trained on these images; score test or val, or all with --split all")
    }
    guard material.data.splitDescription.isGiven, split == Split.test.rawValue else {
      throw CommandFailure(
        .badInput,
        "\(self.data): \(reason): which images it has seen cannot be told; --split all scores every image")
    }
    Console.note("\(self.data): \(reason); its test split is scored as the data gives it")
  }
}
