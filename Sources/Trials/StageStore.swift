import Foundation
import Graphs
import Runs
import Settings
import Tensors
import Training

/// The store of a trial's finished stages, so that nothing is trained twice after its process is killed.
///
///     .partial-NAME/progress/stages.safetensors     the last finished stage: network, records, warnings
///     .partial-NAME/progress/stage-2/               checkpoints of the stage in training
///     .partial-NAME/progress/stage-2.warnings.json  the warnings of its method so far
///
/// A file is written under a temporary name and renamed, and holds the trial's address. A damaged file or one
/// of another trial is ignored, and the stages are run again with the same result.
struct StageStore {
  /// The folder's name in the trial's directory.
  static let folder = "progress"
  private static let file = "stages.safetensors"

  /// The trial's address.
  let identity: String

  private let directory: String
  private let note: (String) -> Void

  /// The store of a trial.
  init(_ runner: TrialRunner) {
    directory = runner.path(Self.folder)
    identity = runner.spec.address
    note = runner.environment.note
  }

  private var path: String { directory + "/" + Self.file }

  /// The store for the checkpoints of a stage.
  func checkpoints(stage: Int) -> CheckpointStore {
    CheckpointStore(directory: "\(directory)/stage-\(stage + 1)")
  }

  /// The store for warnings of a stage in training.
  func warnings(stage: Int) -> StageWarnings { StageWarnings(directory: directory, stage: stage) }

  /// Stores the outcome of the stages so far.
  ///
  /// A network that does not read back equal is not stored; its stage is run again after a kill.
  func save(_ outcome: TrialPipeline.Outcome) throws {
    var file = NetworkFile(graph: outcome.graph, note: "")
    guard file.isExact else { return }
    do {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys]
      file.note = String(decoding: try encoder.encode(Facts(outcome, identity: identity)), as: UTF8.self)
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    } catch {
      throw TrialError.unwritable(path: path, reason: FileFailure.reason(error, path: path))
    }
    try TrialFolder.write(file.bytes, to: path)
  }

  /// The outcome of the stages that were finished before; `nil` without any.
  func latest() -> TrialPipeline.Outcome? {
    guard let bytes = FileManager.default.contents(atPath: path) else { return nil }
    do {
      let file = try NetworkFile(bytes: [UInt8](bytes), file: path)
      let facts = try JSONDecoder().decode(Facts.self, from: Data(file.note.utf8))
      guard facts.identity == identity else { return nil }
      return try facts.outcome(file.graph, source: path)
    } catch {
      note("\(path): the finished stages are run again: \(error)")
      return nil
    }
  }

  /// Removes the store of a finished trial.
  static func remove(in directory: String) {
    try? FileManager.default.removeItem(atPath: directory + "/" + folder)
  }
}

/// An outcome without its network, as the store holds it.
private struct Facts: Codable {
  let identity: String
  let structure: String
  let stages: [TrialResult.StageRecord]
  let trainingImages: Int
  let validation: Double?
  let warnings: [String]
  let seconds: Double

  init(_ outcome: TrialPipeline.Outcome, identity: String) {
    self.identity = identity
    structure = outcome.structure.compactJSON
    stages = outcome.stages
    trainingImages = outcome.trainingImages
    validation = outcome.validation
    warnings = outcome.warnings
    seconds = outcome.seconds
  }

  func outcome(_ graph: Graph, source: String) throws(SettingsError) -> TrialPipeline.Outcome {
    TrialPipeline.Outcome(
      graph: graph, structure: try SettingsNode(json: structure, source: source),
      validation: validation, stages: stages, trainingImages: trainingImages, warnings: warnings,
      seconds: seconds)
  }
}

extension CheckpointStore {
  /// Locks the folder and returns its newest checkpoint; removes checkpoints of another training.
  func latest(of identity: SettingsNode) throws -> Checkpoint? {
    try acquire()
    guard let checkpoint = try latest() else { return nil }
    if checkpoint.identity.canonicalJSON == identity.canonicalJSON { return checkpoint }
    remove()
    try acquire()
    return nil
  }
}
