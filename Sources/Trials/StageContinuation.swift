import Foundation
import Settings
import Training

/// The checkpoint of a training that was cut short, from which a trial with more epochs continues.
///
///     NAME/continuation/epoch-000003-step-000000000.safetensors
///
/// A checkpoint holds the whole state of a training at the end of an epoch, and random draws derive from epoch and step. So a
/// continued trial ends with the same bytes as an uninterrupted one. Without a checkpoint, the trial trains from the start.
struct StageContinuation {
  /// The name of the folder in the directory of the trial that was cut short.
  private static let folder = "continuation"

  /// The number of finished epochs.
  let epochs: Int
  /// The checkpoint after these epochs.
  let checkpoint: Checkpoint
  /// The path of the log of these epochs.
  let log: String

  /// Finds the checkpoint that a trial left for a stage of another; `nil` if it is missing or of another training.
  init?(_ continued: TrialSpec.Continuation, of spec: TrialSpec, stage: Int, in folder: TrialFolder) {
    guard let place = folder.directory(of: continued.address),
      let node = try? SettingsNode(contentsOf: place + "/" + TrialFolder.specification),
      let before = try? TrialSpec(from: node), before.stages.indices.contains(stage),
      before.stages[stage].through == continued.epochs,
      before.untruncated.address == spec.untruncated.address,
      let checkpoint = try? CheckpointStore(directory: place + "/" + Self.folder).latest(),
      checkpoint.progress.epoch == continued.epochs || checkpoint.progress.isStoppedEarly
    else { return nil }
    self.checkpoint = checkpoint
    log = place + "/" + StageLog.file
    epochs = checkpoint.progress.epoch
  }

  /// Moves the checkpoints of a stage that was cut short to the trial's directory.
  ///
  /// Errors are ignored: then the next trial trains from the start.
  static func keep(_ checkpoints: String, in directory: String) {
    let place = directory + folder
    try? FileManager.default.removeItem(atPath: place)
    try? FileManager.default.moveItem(atPath: checkpoints, toPath: place)
    try? FileManager.default.removeItem(atPath: place + "/lock")
  }
}
