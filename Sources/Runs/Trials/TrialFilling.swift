import Foundation
import Settings

/// A trial directory that this process fills; held until `finish` or until this object goes.
public final class TrialFilling {
  /// Where to write.
  public let path: String
  private let place: TrialDirectory
  private let lock: FileHandle

  init(_ place: TrialDirectory, lock: FileHandle) {
    self.place = place
    self.lock = lock
    path = place.partialPath
  }

  deinit { try? lock.close() }

  /// Puts the directory in its place, in one step, with the names in it on the disk.
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
