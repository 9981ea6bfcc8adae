import Foundation
import Settings

/// A lock that keeps a second comparison out of a run's directory while it exists.
final class RunLock: Sendable {
  private let handle: FileHandle

  /// Makes the directory and locks it; the operating system releases the lock however the process ends.
  init(_ directory: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
      handle = try FileHandle(forReadingFrom: URL(filePath: directory))
    } catch {
      throw ComparisonError.runDirectory(
        path: directory, reason: "cannot be used: \(FileFailure.reason(error, path: directory))")
    }
    guard flock(handle.fileDescriptor, LOCK_EX | LOCK_NB) == 0 else {
      throw ComparisonError.runDirectory(
        path: directory, reason: "another comparison is at work there; wait for it, or choose another --out")
    }
  }

  deinit { try? handle.close() }
}
