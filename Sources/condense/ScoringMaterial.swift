import Datasets
import Export
import Foundation
import Graphs
import Images
import Settings
import Tasks
import Tensors
import Training

/// A model with the data on which it is judged, with the split of its training and in the model's classes.
struct ScoringMaterial {
  /// The number of images in a pass.
  static let batch = 128

  /// The model's name as the user gave it.
  let modelName: String
  /// The data's name as the user gave it.
  let dataName: String
  let model: Model
  /// The split of the data on which the model was trained.
  let trained: SplitDescription
  let data: Dataset
  let task: any ImageTask
  /// The model's class for each class of the data.
  let classes: [Int]

  /// Reads the model and opens the data; reports changes and omissions on standard error.
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

  /// True if the data is the model's training data.
  var isTrainingData: Bool { data.digest == trained.digest }

  /// The reason why it is unknown which images the model was trained on; `nil` if it is known.
  var unknownSplit: String? {
    guard !isTrainingData else { return nil }
    return trained.digest.isEmpty
      ? "the model does not say what it was trained on"
      : "not the data that the model was trained on (digest \(trained.digest.prefix(12)), found "
        + "\(data.digest.prefix(12)))"
  }

  /// A loader of the batches of a split, or of all images, as the model takes them.
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
