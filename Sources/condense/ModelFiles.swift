import Foundation
import Training

/// The files of a model: the model file and the files beside it during its training.
struct ModelFiles {
  /// The path of the model.
  let model: String
  /// The store of the model's checkpoints.
  let store: CheckpointStore

  init(model: String) {
    self.model = model
    store = CheckpointStore(directory: model + ".checkpoint")
  }

  /// The file with one line for each epoch.
  var metrics: String { model + ".metrics.jsonl" }

  /// The model's name without folder and extension.
  var name: String { URL(filePath: model).deletingPathExtension().lastPathComponent }

  private var hasModel: Bool { FileManager.default.fileExists(atPath: model) }

  private var hasCheckpoint: Bool {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: store.directory)) ?? []
    return names.contains { $0.hasSuffix(".safetensors") }
  }

  /// True if there is nothing left to train.
  ///
  /// Throws if a new training would overwrite a model or the checkpoint of another training.
  func isFinished(resuming: Bool) throws -> Bool {
    if resuming { return hasModel && !hasCheckpoint }
    guard !hasModel else {
      throw CommandFailure(
        .badInput, "\(model): is there already; remove it, or train to another --out")
    }
    guard !hasCheckpoint else {
      throw CommandFailure(
        .badInput,
        "\(store.directory): holds an unfinished training; go on with --resume, or remove it to start afresh")
    }
    return false
  }

  /// Checks that the model's folder can be written to, before any work.
  func requireWritableFolder() throws {
    let folder = URL(filePath: model).deletingLastPathComponent().path
    let isFolder = try? URL(filePath: folder).resourceValues(forKeys: [.isDirectoryKey]).isDirectory
    guard isFolder == true else {
      throw CommandFailure(.badInput, "\(model): the folder \(folder) does not exist; make it first")
    }
    guard FileManager.default.isWritableFile(atPath: folder) else {
      throw CommandFailure(.badInput, "\(model): the folder \(folder) cannot be written to")
    }
  }
}

extension CheckpointStore {
  /// Locks the folder for this process.
  func acquireForCommand() throws {
    try failing(.badInput) { try acquire() }
  }
}
