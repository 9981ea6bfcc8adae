import Foundation
import Training

/// A model's file and what stands beside it while it is trained.
struct ModelFiles {
  /// The model's path.
  let model: String
  /// Its checkpoints.
  let store: CheckpointStore

  init(model: String) {
    self.model = model
    store = CheckpointStore(directory: model + ".checkpoint")
  }

  /// The file of a line an epoch.
  var metrics: String { model + ".metrics.jsonl" }

  /// The model's name without folder and extension.
  var name: String { URL(filePath: model).deletingPathExtension().lastPathComponent }

  private var hasModel: Bool { FileManager.default.fileExists(atPath: model) }

  private var hasCheckpoint: Bool {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: store.directory)) ?? []
    return names.contains { $0.hasSuffix(".safetensors") }
  }

  /// Whether there is nothing left to train; refuses to write over a model or over what another training left.
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

  /// Makes sure that the model can be written, before any work.
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
  /// Holds the folder for this process.
  func acquireForCommand() throws {
    try failing(.badInput) { try acquire() }
  }
}
