import Crypto
import Datasets
import Encodings
import Execution
import Export
import Foundation
import Graphs
import Images
import Networks
import Recipes
import Settings
import Targets
import Tasks
import Tensors
import Training
import Trials

/// The preparation that must precede the plan.
enum RunPreparation {
  /// Generates a data set if a generated one is named and does not exist.
  static func makeData(
    _ data: String, _ options: RunOptions, into drawn: String
  ) throws {
    guard !FileManager.default.fileExists(atPath: data),
      let manifest = try DataManifest.find(data, in: options.datasets.dataDirectories),
      let maker = manifest.maker
    else { return }
    let places = options.datasets.sourceDirectories.map { $0 + "/" + manifest.path }
    guard !places.contains(where: FileManager.default.fileExists) else { return }
    let place = drawn + "/" + manifest.path
    try? FileManager.default.createDirectory(
      atPath: URL(filePath: place).deletingLastPathComponent().path, withIntermediateDirectories: true)
    try maker.write(to: place, threads: 2)
  }

  /// Opens the data for the teacher's input and plans the trials; also returns messages about the data.
  static func plan(
    _ recipe: Recipe, _ options: RunOptions, backend: any Backend
  ) throws -> (material: RecipeMaterial, plan: TrialPlan, messages: [String]) {
    let (input, model) = try teacherInput(recipe, options)
    var datasets = options.datasets
    datasets.validationFraction = recipe.validationFraction
    datasets.valFolder = recipe.valFolder
    datasets.seed = recipe.seeds[0]
    datasets.imageSize = ImageSize(width: input[2], height: input[1])
    let data = try Dataset.open(recipe.data, options: datasets)
    // Throws here, before anything is trained.
    _ = try TaskCatalogue.task(of: data)
    var material = RecipeMaterial(
      dataDigest: data.digest, channels: data.channels, classes: data.classes,
      trainingImages: data.count(of: .train), teachers: options.networks,
      instructionSet: backend.instructionSet, precision: .f32, teacherInput: input, modelDigest: model?.digest
    )
    material.boxes = data.boxExtents
    material.modelGraph = model?.imported.model.graph
    material.modelImages = try model.flatMap { model in
      try trainingImages(of: model.imported, recipe)
    }
    material.isValidationUnseen =
      try model.map { model in
        let trained = try SplitDescription(from: model.imported.model.split)
        // A separate folder of validation images is the same for every seed; a share of the training images
        // depends on the seed.
        return trained.digest == data.digest
          && trained.validationFraction == data.splitDescription.validationFraction
          && (trained.validationFraction == 0 || recipe.seeds.allSatisfy { $0 == trained.seed })
      } ?? false
    material.valFolder = data.splitDescription.valFolder
    for name in recipe.students.flatMap({ $0.goal?.targets ?? [] }) + recipe.methodTargets.map(\.name) {
      let profile = try located("\(recipe.mark)") {
        try TargetProfile.named(name, searching: options.targets)
      }
      material.profileDigests[name] = ReadingOrigin(profile, nil).digest
      material.profiles[name] = profile
    }
    if let known = model?.imported.namingClasses(data.classes).classes, known != data.classes {
      throw RecipeError.invalid(
        recipe.teacher.mark,
        "the teacher has \(known.count) classes (\(words(known))), the data has "
          + "\(data.classes.count) (\(words(data.classes))); they must be the same, in the same order")
    }
    guard data.count(of: .test) > 0 else { throw ComparisonError.noTestImages(path: recipe.data) }
    var messages = recipe.notes + data.messages
    material.precision = try precision(recipe, material, model?.imported, backend, &messages)
    let plan = try TrialPlanner(recipe, material).plan()
    return (material, plan, messages)
  }

  /// The precision of the recipe; `auto` is decided by the teacher's network and the backend.
  private static func precision(
    _ recipe: Recipe, _ material: RecipeMaterial, _ model: ImportedModel?, _ backend: any Backend,
    _ messages: inout [String]
  ) throws -> Precision {
    if let precision = Precision(rawValue: recipe.precision) { return precision }
    let untrained = try TrialPlanner(recipe, material).teacherGraph()
    guard let graph = untrained ?? model?.model.graph else {
      preconditionFailure("a teacher is a network or a model")
    }
    if let fallback = Precision.automaticFallback(for: graph, on: backend) { messages.append(fallback) }
    return .automatic(for: graph, on: backend)
  }

  /// The input of the teacher's network, and its file with the digest where the recipe names one.
  private static func teacherInput(
    _ recipe: Recipe, _ options: RunOptions
  ) throws -> (
    input: Shape, model: (digest: String, imported: ImportedModel)?
  ) {
    switch recipe.teacher.origin {
    case .network(let name):
      let spec = try located("\(recipe.teacher.mark)") {
        try NetworkSpec.named(name, searching: options.networks)
      }
      return (spec.input, nil)
    case .model(let path):
      let imported = try located("\(recipe.teacher.mark)") {
        try ModelReader.read(path, ImportOptions(text: recipe.teacher.normalization))
      }
      return (imported.model.input.shape, (try digest(of: path, recipe.teacher.mark), imported))
    }
  }

  /// The SHA-256 of a file in hexadecimal.
  private static func digest(of path: String, _ mark: SettingsMark) throws -> String {
    do {
      return SHA256.hash(data: try Data(contentsOf: URL(filePath: path))).hexadecimal
    } catch {
      throw RecipeError.invalid(mark, "\(path): cannot be read: \(FileFailure.reason(error, path: path))")
    }
  }

  /// The number of training images that a model's file states; `nil` without one.
  private static func trainingImages(
    of imported: ImportedModel, _ recipe: Recipe
  ) throws -> Int? {
    let key = "trainingImages"
    guard let node = imported.model.provenance[key] else { return nil }
    return try located("\(recipe.teacher.mark): the teacher's file") {
      let images = try node.integer(key)
      guard images > 0 else {
        throw SettingsError.outOfRange(
          node.mark, key: key, expected: "a number of images above 0", found: "\(images)")
      }
      return images
    }
  }

  /// The first five of some names.
  private static func words(_ names: [String]) -> String {
    names.prefix(5).joined(separator: ", ") + (names.count > 5 ? ", …" : "")
  }

  /// Writes a file completely or not at all.
  static func write(_ bytes: [UInt8], to path: String) throws {
    try located(path) { try WholeFile.write(bytes, to: path) }
  }
}
