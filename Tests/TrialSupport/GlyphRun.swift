import Datasets
import Execution
import Foundation
public import Recipes
public import Runs
import Settings
import Targets
import Tensors
import TestSupport
public import Trials

/// The recipe of a YAML text.
public func recipe(_ yaml: String) throws -> Recipe {
  try Recipe(SettingsNode(yaml: yaml, source: "r.yaml"), defaultName: "r")
}

/// A comparison on 200 drawn digits, whose trials run in the test process with the reference kernels.
public struct GlyphRun {
  /// The folder of data and trials.
  public let folder: String
  /// The folder of its trials.
  public var trials: TrialFolder { TrialFolder(path: folder + "/trials") }

  /// Draws the digits into a new temporary folder.
  public init(scenes: Int? = nil) throws {
    folder = FileManager.default.temporaryDirectory.path() + "/condense-run-" + UUID().uuidString
    try FileManager.default.createDirectory(
      atPath: folder + "/trials", withIntermediateDirectories: true)
    if let scenes {
      try SceneMaker(seed: 3, count: scenes).write(to: folder + "/glyphs", threads: 1)
    } else {
      try GlyphMaker(seed: 3, count: 200, difficulty: 0).write(to: folder + "/glyphs", threads: 1)
    }
  }

  /// The environment of the trials; `note` receives their output lines.
  public func environment(_ note: @escaping (String) -> Void = { _ in }) -> TrialEnvironment {
    var options = DatasetOptions()
    options.cacheDirectory = nil
    return TrialEnvironment(
      backend: ReferenceBackend(), datasetOptions: options,
      targetFolders: [Checkout.path + "/Recipes/targets"], note: note)
  }

  /// The plan of a recipe with one seed; `students` is the YAML of its student list.
  public func plan(
    _ students: String, controls: Bool = false, network: String = "mlp", teacherEpochs: Int = 2,
    seeds: Int = 1
  ) throws -> TrialPlan {
    let described = try recipe(
      """
      recipe: 1
      data: \(folder)/glyphs
      seeds: \(seeds)
      targets: [cortex-m4]
      controls: \(controls)
      teacher: {network: \(network), training: {epochs: \(teacherEpochs), batch: 32, learningRate: 0.05}}
      training: {batch: 32}
      students:
      \(students)
      """)
    var options = DatasetOptions()
    options.cacheDirectory = nil
    let data = try Dataset.open(described.data, options: options)
    var material = RecipeMaterial(
      dataDigest: data.digest, channels: 1, classes: data.classes, trainingImages: data.count(of: .train),
      teachers: [Checkout.path + "/Teachers"], instructionSet: ReferenceBackend().instructionSet,
      precision: .f32, teacherInput: [1, 28, 28])
    material.boxes = data.boxExtents
    for name in described.students.compactMap(\.goal?.target) {
      material.profiles[name] = try TargetProfile.named(
        name, searching: [Checkout.path + "/Recipes/targets"])
    }
    return try TrialPlanner(described, material).plan()
  }

  /// Runs a trial in its directory; `nil` if its role has no row.
  public func run(_ spec: TrialSpec) throws -> TrialResult? {
    let directory = trials.path + "/" + spec.directoryName
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    return try TrialRunner(spec, directory: directory, environment()).run()
  }
}
