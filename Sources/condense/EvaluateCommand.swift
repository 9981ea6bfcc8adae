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

/// `condense evaluate`: scores a model on images that it was not trained on.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Scores a model: what its task is judged by, and how it did on every class.",
    discussion: """
      A model knows how its data was split; the same split is used here, and images that were trained on are refused
      unless --split all is given. A student whose values are all integers is computed in integers, as a device does; other
      models in 32-bit floats, whatever precision they were trained in.
      """)

  @Argument(
    help:
      "A model: safetensors that `condense train` wrote, a student (.condensed) or an ONNX file; or RUN/ROW, a row of a comparison."
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
    let options = try normalization.importOptions()
    let imported = try failing(.badInput) { try ModelReader.read(ModelPath.resolved(self.model), options) }
    imported.tellNotes(of: self.model)
    let trained = try failing(.badInput) { try SplitDescription(from: imported.model.split) }
    let data = try openedData(imported.model, trained)
    let model = imported.namingClasses(data.classes)
    if !imported.namesClasses {
      guard model.classes.count == data.classes.count else {
        throw CommandFailure(
          .badInput,
          "\(self.model): has \(model.classes.count.counted("output")), a class each, and \(self.data) has "
            + "\(data.classes.count) classes (\(classList(data.classes))); give it the data that it was made for"
        )
      }
      Console.note("\(self.model): names no classes; taken in the data's order: \(classList(model.classes))")
    }
    try requireUnseen(data, trained)
    let classes = try classes(of: data, model)
    let task = try failing(.badInput) { try TaskCatalogue.task(of: data) }
    let loader = try loader(data, model)
    var table = predictions.map { _ in PredictionTable() }
    let clock = ContinuousClock()
    let arithmetic = InferenceArithmetic(of: model.graph, floats: DNNLBackend())
    arithmetic.tellRefusal(of: self.model)
    let evaluator = try failing(.internal) {
      try Evaluator(
        model.graph, task: task, backend: arithmetic.backend, batch: Self.batch, precision: .f32,
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
      skippedFiles: data.problems.count, arithmetic: arithmetic.name)
    if let predictions, let table { try failing(.badInput) { try table.write(to: predictions) } }
    Console.print(json ? report.node.prettyJSON : report.text)
  }

  private static let batch = 128

  private func classList(_ names: [String]) -> String {
    names.prefix(20).joined(separator: ", ") + (names.count > 20 ? ", …" : "")
  }

  private func openedData(_ model: Model, _ trained: SplitDescription) throws -> Dataset {
    var options = DatasetOptions.forCommands
    options.seed = trained.seed
    options.validationFraction = trained.validationFraction
    options.valFolder = trained.valFolder
    options.skipBad = skipBad
    options.imageSize = ImageSize(width: model.input.shape[2], height: model.input.shape[1])
    let data = try failing { () throws(DatasetError) in try Dataset.open(self.data, options: options) }
    for message in data.messages { Console.note(message) }
    if !data.problems.isEmpty {
      Console.note("left out \(data.problems.count.counted("file")) that cannot be read")
    }
    return data
  }

  /// Refuses images that the model was trained on, or of which that cannot be told.
  private func requireUnseen(_ data: Dataset, _ trained: SplitDescription) throws {
    guard split != "all" else { return }
    let isSame = data.digest == trained.digest
    if isSame, split == Split.train.rawValue {
      throw CommandFailure(
        .badInput,
        "\(self.data): the model was trained on these images; score test or val, or all with --split all")
    }
    guard !isSame else { return }
    let reason =
      trained.digest.isEmpty
      ? "the model does not say what it was trained on"
      : "not the data that the model was trained on (digest \(trained.digest.prefix(12)), found "
        + "\(data.digest.prefix(12)))"
    guard data.splitDescription.isGiven, split == Split.test.rawValue else {
      throw CommandFailure(
        .badInput,
        "\(self.data): \(reason): which images it has seen cannot be told; --split all scores every image")
    }
    Console.note("\(self.data): \(reason); its test split is scored as the data gives it")
  }

  /// The model's class for each class of the data.
  private func classes(of data: Dataset, _ model: Model) throws -> [Int] {
    let foreign = data.classes.filter { !model.classes.contains($0) }
    guard foreign.isEmpty else {
      throw CommandFailure(
        .badInput,
        "\(self.data): the model knows no class \(foreign.prefix(5).joined(separator: ", ")); it knows "
          + classList(model.classes))
    }
    return data.classes.map { name in model.classes.firstIndex(of: name) ?? 0 }
  }

  private func loader(_ data: Dataset, _ model: Model) throws -> Loader {
    let shape = model.input.shape
    return try failing { () throws(DatasetError) in
      try Loader(
        data,
        LoaderOptions(
          split: Split(rawValue: split), batch: Self.batch,
          input: InputShape(channels: shape[0], height: shape[1], width: shape[2]),
          normalization: Normalization(mean: model.input.mean, deviation: model.input.deviation)))
    }
  }
}
