import ArgumentParser
import Comparison
import Foundation
import Reports
import Runs
import Synchronization
import Trials

/// The option `--log`: a folder in which trainings are also written for another program, as
/// `tensorboard:DIR`.
struct LogOption: Sendable {
  static let help: ArgumentHelp =
    "Also write each epoch where another program reads it: tensorboard:DIR, a folder in DIR a training."

  let format: LogFormat
  let folder: String

  init(_ text: String) throws {
    let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
    guard parts.count == 2, let format = LogFormat.all.first(where: { $0.name == parts[0] }) else {
      let choices = LogFormat.all.map { $0.name + ":DIR" }.joined(separator: " or ")
      throw ValidationError("--log must be \(choices), found \"\(text)\"")
    }
    (self.format, folder) = (format, parts[1])
  }
}

/// Updates another program's folder from the logs of trainings.
///
/// A folder that cannot be written is reported once and does not stop a training.
final class TrainingLogs: Sendable {
  private let option: LogOption
  private let hasFailed = Atomic(false)

  init(_ option: LogOption) { self.option = option }

  /// Updates a training's folder from the first epochs of its log, or from all of them.
  func follow(_ metrics: String, named name: String, epochs: Int = .max) throws {
    try option.format.follow(
      Array(EpochRecord.read(metrics).prefix(epochs)), named: name, in: option.folder)
  }

  /// Updates the folder during trainings; an error is reported once and not thrown.
  func update(_ metrics: String, named name: String) {
    do {
      try follow(metrics, named: name)
    } catch {
      if !hasFailed.exchange(true, ordering: .relaxed) { Console.note("--log: \(error)") }
    }
  }

  /// Follows a trial of a comparison: updates its folder after each epoch and when it is done.
  func show(_ event: TrialEvent, in folder: TrialFolder) {
    switch event {
    case .said(let spec, let line) where line.hasPrefix("epoch "):
      update(folder.place(of: spec).partialPath + "/" + EpochRecord.fileName, named: spec.directoryName)
    case .found(let spec), .finished(let spec, _):
      guard let directory = folder.directory(of: spec.address) else { return }
      let log = directory + "/" + EpochRecord.fileName
      // A trial that trains nothing, such as stored logits, has no curves.
      guard FileManager.default.fileExists(atPath: log) else { return }
      update(log, named: URL(filePath: directory).lastPathComponent)
    default: break
    }
  }
}
