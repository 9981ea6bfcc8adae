import ArgumentParser
import Comparison
import Foundation
import Reports
import Runs
import Synchronization
import Trials

/// Where trainings are also written for another program: `tensorboard:DIR`.
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

/// Keeps another program's folder in step with the logs of trainings; a folder that cannot be written is said once, and costs no
/// training.
final class TrainingLogs: Sendable {
  private let option: LogOption
  private let hasFailed = Atomic(false)

  init(_ option: LogOption) { self.option = option }

  /// Brings a training's folder to what its log says of the first epochs, or of all.
  func follow(_ metrics: String, named name: String, epochs: Int = .max) throws {
    try option.format.follow(
      Array(EpochRecord.read(metrics).prefix(epochs)), named: name, in: option.folder)
  }

  /// The same while trainings go on.
  func update(_ metrics: String, named name: String) {
    do {
      try follow(metrics, named: name)
    } catch {
      if !hasFailed.exchange(true, ordering: .relaxed) { Console.note("--log: \(error)") }
    }
  }

  /// Follows a trial of a comparison, at the ends of its epochs and when it is done.
  func show(_ event: TrialEvent, in folder: TrialFolder) {
    switch event {
    case .said(let spec, let line) where line.hasPrefix("epoch "):
      update(folder.place(of: spec).partialPath + "/" + EpochRecord.fileName, named: spec.directoryName)
    case .found(let spec), .finished(let spec, _):
      guard let directory = folder.directory(of: spec.address) else { return }
      let log = directory + "/" + EpochRecord.fileName
      // What trains nothing, such as stored logits, has no curves.
      guard FileManager.default.fileExists(atPath: log) else { return }
      update(log, named: URL(filePath: directory).lastPathComponent)
    default: break
    }
  }
}
