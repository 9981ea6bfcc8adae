import Datasets
import Export
import Foundation
import Graphs
import Images
import Settings
import Tasks
import Tensors
import Training

/// A model with the data that it is judged on: split as its training split it, in its classes.
struct ScoringMaterial {
  /// Images of a pass.
  static let batch = 128

  /// The model as the user named it.
  let modelName: String
  /// The data as the user named it.
  let dataName: String
  let model: Model
  /// How the data was split that the model was trained on.
  let trained: SplitDescription
  let data: Dataset
  let task: any ImageTask
  /// The model's class for each class of the data.
  let classes: [Int]

  /// Reads the model and opens the data; says on standard error what was changed or left out.
  init(model name: String, data dataName: String, _ options: ImportOptions, skipBad: Bool) throws {
    modelName = name
    self.dataName = dataName
    let imported = try failing(.badInput) { try ModelReader.read(ModelPath.resolved(name), options) }
    imported.tellNotes(of: name)
    let trained = try failing(.badInput) { try SplitDescription(from: imported.model.split) }
    self.trained = trained
    let data = try Self.opened(dataName, imported.model, trained, skipBad: skipBad)
    self.data = data
    let model = imported.namingClasses(data.classes)
    self.model = model
    if !imported.namesClasses {
      guard model.classes.count == data.classes.count else {
        throw CommandFailure(
          .badInput,
          "\(name): has \(model.classes.count.counted("output")), a class each, and \(dataName) has "
            + "\(data.classes.count) classes (\(Self.list(data.classes))); give it the data that it was made for"
        )
      }
      Console.note("\(name): names no classes; taken in the data's order: \(Self.list(model.classes))")
    }
    let foreign = data.classes.filter { !model.classes.contains($0) }
    guard foreign.isEmpty else {
      throw CommandFailure(
        .badInput,
        "\(dataName): the model knows no class \(foreign.prefix(5).joined(separator: ", ")); it knows "
          + Self.list(model.classes))
    }
    classes = data.classes.map { name in model.classes.firstIndex(of: name) ?? 0 }
    task = try failing(.badInput) { try TaskCatalogue.task(of: data) }
  }

  private static func list(_ names: [String]) -> String {
    names.prefix(20).joined(separator: ", ") + (names.count > 20 ? ", …" : "")
  }

  private static func opened(
    _ name: String, _ model: Model, _ trained: SplitDescription, skipBad: Bool
  ) throws -> Dataset {
    var options = DatasetOptions.forCommands
    options.seed = trained.seed
    options.validationFraction = trained.validationFraction
    options.valFolder = trained.valFolder
    options.skipBad = skipBad
    options.imageSize = ImageSize(width: model.input.shape[2], height: model.input.shape[1])
    let data = try failing { () throws(DatasetError) in try Dataset.open(name, options: options) }
    for message in data.messages { Console.note(message) }
    if !data.problems.isEmpty {
      Console.note("left out \(data.problems.count.counted("file")) that cannot be read")
    }
    return data
  }

  /// Whether the data is that which the model was trained on.
  var isTrainingData: Bool { data.digest == trained.digest }

  /// Why it cannot be told which images of the data the model was trained on; `nil` where it can.
  var unknownSplit: String? {
    guard !isTrainingData else { return nil }
    return trained.digest.isEmpty
      ? "the model does not say what it was trained on"
      : "not the data that the model was trained on (digest \(trained.digest.prefix(12)), found "
        + "\(data.digest.prefix(12)))"
  }

  /// The batches of a split, as the model takes them; of all images without one.
  func loader(_ split: Split?, batch: Int = ScoringMaterial.batch, shuffledBy seed: UInt64? = nil) throws
    -> Loader
  {
    let shape = model.input.shape
    return try failing { () throws(DatasetError) in
      try Loader(
        data,
        LoaderOptions(
          split: split, batch: batch, seed: seed ?? 0, shuffle: seed != nil,
          input: InputShape(channels: shape[0], height: shape[1], width: shape[2]),
          normalization: Normalization(mean: model.input.mean, deviation: model.input.deviation)))
    }
  }
}
