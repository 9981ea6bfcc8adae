import Foundation
import Settings
import Tensors

/// The folder beside a model in which a training keeps its last two checkpoints.
///
/// A checkpoint is written under another name, flushed to the disk and renamed. Only then is the oldest one
/// removed, so at least one whole checkpoint exists whenever the process is killed. A name tells epoch and
/// step.
public final class CheckpointStore {
  /// The folder.
  public let directory: String
  /// The errors of checkpoints that could not be read in the last search for the newest.
  public private(set) var damaged: [String] = []

  private var lock: FileHandle?
  /// The number of checkpoints that are kept.
  private static let kept = 2
  private static let suffix = ".safetensors"

  /// Makes a store in a folder, which need not exist yet.
  public init(directory: String) { self.directory = directory }

  deinit { try? lock?.close() }

  /// Creates the folder and locks it for the life of this object, so that two trainings never write to one
  /// model.
  ///
  /// Throws if another process holds the lock.
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
    // The kernel releases this lock when the process ends, however it ends.
    guard flock(handle.fileDescriptor, LOCK_EX | LOCK_NB) == 0 else {
      throw TrainingError.locked(path: directory)
    }
    lock = handle
    removeParts()
  }

  /// Removes the unfinished files of a killed training; the lock keeps all others away.
  private func removeParts() {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    for name in names where name.hasSuffix(".part") {
      try? FileManager.default.removeItem(atPath: directory + "/" + name)
    }
  }

  /// The newest checkpoint that is whole; `nil` if there is none at all.
  ///
  /// If all checkpoints are damaged it throws: the user decides whether to start afresh.
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

  /// The newest whole checkpoint of the first rank's folder, on every rank.
  ///
  /// Only the first rank reads the folder, so the ranks need no folder in common.
  public func latest(over ranks: any Ranks) throws -> Checkpoint? {
    guard ranks.count > 1 else { return try latest() }
    let bytes = try ranks.broadcast(ranks.isFirst ? latest()?.bytes ?? [] : [])
    return bytes.isEmpty ? nil : try Checkpoint(bytes: bytes, file: directory)
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

  /// Removes the folder, because the model is finished.
  public func remove() {
    try? FileManager.default.removeItem(atPath: directory)
    try? lock?.close()
    lock = nil
  }

  /// The names of the checkpoints, oldest first.
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

  /// A number with leading zeros, so that names sort by number.
  private static func digits(_ number: Int, _ width: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }
}
