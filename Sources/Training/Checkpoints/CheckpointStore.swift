import Foundation
import Settings
import Tensors

/// The folder beside a model in which a training keeps its last two checkpoints.
///
/// A checkpoint is written under another name, flushed to the disk and renamed, and only then is the one before the
/// last removed: whenever the process is killed, at least one whole checkpoint is there. A name tells epoch and step.
public final class CheckpointStore {
  /// The folder.
  public let directory: String
  /// Checkpoints that could not be read when the newest was looked for, and why.
  public private(set) var damaged: [String] = []

  private var lock: FileHandle?
  private static let kept = 2
  private static let suffix = ".safetensors"

  /// A store in a folder, which need not exist yet.
  public init(directory: String) { self.directory = directory }

  deinit { try? lock?.close() }

  /// Makes the folder and holds it until this object goes: two trainings never write to one model.
  public func acquire() throws {
    let path = directory + "/lock"
    let handle: FileHandle
    do {
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
      if !FileManager.default.fileExists(atPath: path) {
        _ = FileManager.default.createFile(atPath: path, contents: nil)
      }
      handle = try FileHandle(forUpdating: URL(filePath: path))
    } catch {
      throw TrainingError.unwritable(path: directory, reason: FileFailure.reason(error, path: path))
    }
    guard flock(handle.fileDescriptor, LOCK_EX | LOCK_NB) == 0 else {
      throw TrainingError.locked(path: directory)
    }
    lock = handle
    removeParts()
  }

  /// Removes what a killed training was writing; nobody else writes here.
  private func removeParts() {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    for name in names where name.hasSuffix(".part") {
      try? FileManager.default.removeItem(atPath: directory + "/" + name)
    }
  }

  /// The newest checkpoint that is whole; `nil` when there is none at all.
  ///
  /// When all that is there is damaged, that is an error: to start afresh is for the user to decide.
  public func latest() throws -> Checkpoint? {
    damaged = []
    for name in try names().reversed() {
      let path = directory + "/" + name
      do {
        return try Checkpoint(bytes: [UInt8](Data(contentsOf: URL(filePath: path))), file: path)
      } catch {
        damaged.append("\(error)")
      }
    }
    guard damaged.isEmpty else {
      throw TrainingError.checkpoint(
        path: directory,
        reason: "no checkpoint can be read: \(damaged.joined(separator: "; ")); remove the folder to "
          + "train from the start")
    }
    return nil
  }

  /// Writes a checkpoint and removes all but the last two.
  public func save(_ checkpoint: Checkpoint) throws {
    let progress = checkpoint.progress
    let name = "epoch-\(Self.digits(progress.epoch, 6))-step-\(Self.digits(progress.step, 9))"
    let path = "\(directory)/\(name)\(Self.suffix)"
    do throws(SystemError) {
      try WholeFile.write(checkpoint.bytes, to: path)
    } catch {
      throw TrainingError.unwritable(path: path, reason: "\(error)")
    }
    for old in try names().dropLast(Self.kept) {
      try? FileManager.default.removeItem(atPath: "\(directory)/\(old)")
    }
  }

  /// Removes the folder: the model is finished.
  public func remove() {
    try? FileManager.default.removeItem(atPath: directory)
    try? lock?.close()
    lock = nil
  }

  /// The checkpoints' names, oldest first.
  private func names() throws -> [String] {
    guard FileManager.default.fileExists(atPath: directory) else { return [] }
    do {
      return try FileManager.default.contentsOfDirectory(atPath: directory).filter {
        $0.hasSuffix(Self.suffix)
      }
      .sorted()
    } catch {
      throw TrainingError.checkpoint(
        path: directory, reason: "cannot be read: \(FileFailure.reason(error, path: directory))")
    }
  }

  private static func digits(_ number: Int, _ width: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }
}
