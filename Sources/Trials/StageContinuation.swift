import Foundation
import Settings
import Training

/// The end of a training that was cut short, from which another trial with more epochs goes on.
///
///     NAME/continuation/epoch-000003-step-000000000.safetensors
///
/// A checkpoint holds all that a training is at an epoch's end, and what is drawn derives from epoch and step. So a trial that goes on
/// ends with the bytes of one that was trained in one go; where nothing is there to go on from, it is.
struct StageContinuation {
  /// The folder in the directory of the trial that was cut short.
  private static let folder = "continuation"

  /// The epochs that are done.
  let epochs: Int
  /// The checkpoint at their end.
  let checkpoint: Checkpoint
  /// What the trial said of them.
  let log: String

  /// What a trial left for another one's stage; `nil` where it is gone, or is of another training.
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

  /// Keeps the checkpoints of a stage whose training was cut short.
  ///
  /// If that fails, another trial begins anew.
  static func keep(_ checkpoints: String, in directory: String) {
    let place = directory + folder
    try? FileManager.default.removeItem(atPath: place)
    try? FileManager.default.moveItem(atPath: checkpoints, toPath: place)
    try? FileManager.default.removeItem(atPath: place + "/lock")
  }
}
