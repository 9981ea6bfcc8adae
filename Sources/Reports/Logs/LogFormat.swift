public import Foundation
public import Runs
import Settings

/// A format in which another program follows trainings in progress; one more is one file and one line in
/// `all`.
///
/// The output folder contains a folder for each training. Its contents are a function of the epochs in the
/// training's log, so that an epoch is never written twice when a killed training resumes.
public struct LogFormat: Sendable {
  /// The name as users write it, such as `tensorboard`.
  public let name: String
  /// Updates a training's folder to a list of epochs, numbered over all stages from 1; existing entries stay.
  let follow: @Sendable (_ epochs: [EpochRecord], _ folder: String, _ now: Date) throws(ReportError) -> Void

  /// The formats.
  public static let all = [tensorBoard]

  /// Updates a training's folder, which is made if it is missing, to the epochs of its log.
  ///
  /// `name` is the training's name in the other program; slashes in it become dashes in the folder's name.
  public func follow(
    _ epochs: [EpochRecord], named name: String, in folder: String, now: Date = Date()
  ) throws(ReportError) {
    let place = folder + "/" + name.replacing("/", with: "-")
    do {
      try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    } catch {
      throw .unwritable(path: place, reason: FileFailure.reason(error, path: place))
    }
    try follow(epochs, place, now)
  }
}
