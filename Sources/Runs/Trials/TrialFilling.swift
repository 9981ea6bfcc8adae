import Foundation
import Settings

/// A trial directory that this process fills; the lock is held until this object is released.
public final class TrialFilling {
  /// The path of the folder to write into.
  public let path: String
  private let place: TrialDirectory
  private let lock: FileHandle

  init(_ place: TrialDirectory, lock: FileHandle) {
    self.place = place
    self.lock = lock
    path = place.partialPath
  }

  deinit { try? lock.close() }

  /// Moves the directory to its place in one step, after its entries are on the disk.
  ///
  /// Throws where the proof is missing. A directory of that name without the proof is set aside.
  public func finish() throws(RunError) {
    guard FileManager.default.fileExists(atPath: path + "/" + place.proof) else {
      throw .unwritable(path: place.path, reason: "the trial has no \(place.proof)")
    }
    fsync(lock.fileDescriptor)
    do {
      if FileManager.default.fileExists(atPath: place.path) { _ = try place.setAside() }
      try FileManager.default.moveItem(atPath: path, toPath: place.path)
    } catch let error as RunError {
      throw error
    } catch {
      throw .unwritable(path: place.path, reason: FileFailure.reason(error, path: place.path))
    }
  }
}
