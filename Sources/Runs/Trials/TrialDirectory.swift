import Foundation
import Settings

/// The place of a trial's files: `trials/<student>-s<seed>-<hash12>/`, filled under another name and renamed
/// when complete.
///
///     let place = TrialDirectory(in: "runs/tiny/trials", name: "small", seed: 0, address: address)
///     guard let filling = try place.begin() else { return }   // finished already
///     …                                                        // write into filling.path
///     try filling.finish()
///
/// A directory of that name is therefore always a finished trial, even if its process is killed.
public struct TrialDirectory: Sendable, Equatable {
  /// The folder of all trials.
  public let folder: String
  /// The directory's name, `<student>-s<seed>-<hash12>`.
  public let name: String
  /// The name of the file that marks the trial as finished.
  public let proof: String

  /// Makes the place of a trial, which need not exist.
  public init(
    in folder: String, name: String, seed: UInt64, address: String, proof: String = TrialResult.fileName
  ) {
    self.folder = folder
    self.proof = proof
    self.name = Self.name(of: name, seed: seed, address: address)
  }

  /// The directory's name: student, seed and the first twelve digits of the trial's address.
  public static func name(of student: String, seed: UInt64, address: String) -> String {
    "\(student)-s\(seed)-\(address.prefix(12))"
  }

  /// The path of the finished trial.
  public var path: String { folder + "/" + name }
  /// The path where the trial is filled.
  public var partialPath: String { folder + "/" + Self.partial + name }
  /// True if the trial's directory exists and holds the proof.
  public var isFinished: Bool { FileManager.default.fileExists(atPath: path + "/" + proof) }

  private static let partial = ".partial-"

  /// Locks the place and makes the folder to fill; `nil` if the trial is finished.
  ///
  /// Files that a killed process left there are kept. Throws `RunError.locked` while another process fills
  /// it.
  public func begin() throws(RunError) -> TrialFilling? {
    if isFinished { return nil }
    let handle: FileHandle
    do {
      try FileManager.default.createDirectory(atPath: partialPath, withIntermediateDirectories: true)
      handle = try FileHandle(forReadingFrom: URL(filePath: partialPath))
    } catch {
      throw .unwritable(path: partialPath, reason: FileFailure.reason(error, path: partialPath))
    }
    guard flock(handle.fileDescriptor, LOCK_EX | LOCK_NB) == 0 else {
      throw errno == EWOULDBLOCK
        ? .locked(path: partialPath)
        : .unwritable(path: partialPath, reason: "its file system does not let folders be locked")
    }
    // The process that held the lock may have finished between the check and the lock.
    return isFinished ? nil : TrialFilling(self, lock: handle)
  }

  /// Renames a trial that cannot be believed, so that it can be made again; returns the new path.
  public func setAside() throws(RunError) -> String {
    try Self.setAside(name, in: folder)
  }

  static func setAside(_ name: String, in folder: String) throws(RunError) -> String {
    try RunFile.setAside(folder + "/" + name, as: folder + "/.damaged-" + name)
  }

  /// The names of the finished trials of a folder, sorted; empty without the folder.
  public static func finished(in folder: String) throws(RunError) -> [String] {
    guard FileManager.default.fileExists(atPath: folder) else { return [] }
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder).sorted().filter {
        !$0.hasPrefix(".")
          && FileManager.default.fileExists(atPath: "\(folder)/\($0)/\(TrialResult.fileName)")
      }
    } catch {
      throw .unreadable(path: folder, reason: FileFailure.reason(error, path: folder))
    }
  }
}
