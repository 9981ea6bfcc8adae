public import Foundation
public import Runs
import Settings

/// A form in which another program follows trainings while they go on: one more is one file and one line in `all`.
///
/// A folder holds a folder a training. What lies in that is a function of the epochs that the training has logged, so that one
/// which is killed and goes on is never told twice.
public struct LogFormat: Sendable {
  /// The name as users write it: `tensorboard`.
  public let name: String
  /// Brings a training's folder to a list of epochs, numbered over all stages from 1; what is there already stays as it is.
  let follow: @Sendable (_ epochs: [EpochRecord], _ folder: String, _ now: Date) throws(ReportError) -> Void

  /// The formats.
  public static let all = [tensorBoard]

  /// Brings a training's folder, which is made where it is missing, to what the training's log says.
  ///
  /// - Parameter name: of the training, as the other program shows it; a slash in it is a dash.
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
