import Foundation
import Metrics
import Runs
import Settings

/// The state of a trial for the pages.
struct WatchedTrial: Encodable, Equatable, Sendable {
  enum State: String, Encodable {
    case running, finished, failed, waiting
    case notRun = "not run"
    /// Begun, but no process works on it.
    case stopped
  }

  /// The name of its directory, which identifies its curve and its model; the address where it has none.
  var id: String
  var name: String
  var role: String
  var seed: String
  var state: State
  /// The reason why it failed or was not run.
  var reason: String?
  /// The present stage, and the number of epochs over all stages.
  var stage: String?
  var epochs: Int?
  /// The metric on validation images after the last epoch, 0…1.
  var validation: Double?
  /// The metric on test images, 0…1.
  var value: Double?
  var fileBytes: Int?
  var multiplyAdds: Int?
  /// The name of its model's file for download; `nil` where there is none.
  var model: String?
}

/// The state of a run.
struct WatchedRun: Encodable, Equatable, Sendable {
  var name: String
  /// The name of the metric that trials are judged by.
  var metric: String
  var isActive: Bool
  var trials: [WatchedTrial]

  /// The number of trials in a state.
  func count(_ state: WatchedTrial.State) -> Int { trials.count { $0.state == state } }
}

/// The parts of a ledger that pages need.
struct LedgerView: Sendable {
  let trials: [TrialRecord]
  let summaries: [String: TrialSummary]
}

/// A reader of a run's directory while it is written: it changes and locks nothing, and trusts nothing.
struct RunReader: Sendable {
  let name: String
  let folder: ClosedFolder

  private static let models = ["teacher.safetensors", "student.condensed"]
  private static let partial = ".partial-"
  /// Locks of another machine are not visible here, so a trial that has written within this many seconds
  /// counts as running.
  private static let quiet = 120.0

  /// True if a folder is that of a run.
  static func isRun(_ folder: ClosedFolder) -> Bool {
    folder.hasFile(Ledger.fileName) || folder.hasFile(Ranking.fileName) || folder.folder("trials") != nil
  }

  private var trials: ClosedFolder? { folder.folder(Ledger.trialsFolder) }

  /// The contents of the ledger; `nil` if there is none that can be read.
  func ledger() -> LedgerView? {
    guard folder.hasFile(Ledger.fileName), let ledger = try? Ledger(reading: folder.path) else { return nil }
    return try? LedgerView(trials: ledger.presentTrials(), summaries: ledger.summaries())
  }

  /// The present state of the run.
  func state(_ ledger: LedgerView?) -> WatchedRun {
    let held = HeldFolders()
    let summaries = ledger?.summaries ?? [:]
    let directories = Dictionary(
      (trials?.names ?? []).map { (Self.digits(of: $0), $0) }, uniquingKeysWith: { first, _ in first })
    var seen: Set<String> = []
    var found: [WatchedTrial] = []
    for record in ledger?.trials ?? [] {
      let digits = String(record.address.prefix(12))
      seen.insert(digits)
      found.append(trial(record, directories[digits], summaries[record.address], held))
    }
    // Candidates of searches, and trials of a run without a ledger.
    for (digits, directory) in directories.sorted(by: { $0.value < $1.value }) where !seen.contains(digits) {
      if let trial = trial(directory, hasLedger: ledger != nil, held) { found.append(trial) }
    }
    let isActive = folder.ownIdentity.map(held.contains) ?? false
    return WatchedRun(
      name: name, metric: summaries.min { $0.key < $1.key }?.value.metric?.name ?? "accuracy",
      isActive: isActive || found.contains { $0.state == .running }, trials: found)
  }

  /// The epochs of a trial by its directory's name; empty before the first is finished, and `nil` for no such
  /// trial.
  func epochs(of id: String) -> [EpochRecord]? {
    guard let directory = directory(id) else { return nil }
    if directory.isLink(EpochRecord.fileName) { return nil }
    return directory.bytes(EpochRecord.fileName, limit: 1 << 26).map(EpochRecord.all) ?? []
  }

  /// The path of a trial's model, and a name for its download.
  func model(of id: String) -> (path: String, name: String)? {
    guard !id.hasPrefix("."), let directory = directory(id),
      let file = Self.models.first(where: directory.hasFile)
    else { return nil }
    return (directory.path + "/" + file, id + (file.firstIndex(of: ".").map { String(file[$0...]) } ?? ""))
  }

  /// The times of the last changes of the ledger and the ranking, after which they are read again.
  var stamp: [Double] { [Ranking.fileName, Ledger.fileName].map { folder.changed($0) ?? 0 } }

  /// The first file of the run that a report would read and that is a link, as it might lead out of the
  /// folder.
  var link: String? {
    let files = [Ranking.fileName, Ledger.fileName, "recipe.yaml"]
    if let file = files.first(where: { folder.isLink($0) }) { return file }
    if folder.isLink(Ledger.trialsFolder) { return Ledger.trialsFolder }
    for name in trials?.names ?? [] {
      if trials?.isLink(name) == true { return "\(Ledger.trialsFolder)/\(name)" }
      guard let directory = trials?.folder(name) else { continue }
      if let file = [TrialResult.fileName, EpochRecord.fileName, "spec.json"].first(where: directory.isLink) {
        return "\(Ledger.trialsFolder)/\(name)/\(file)"
      }
    }
    return nil
  }

  // MARK: Trials

  private func directory(_ id: String) -> ClosedFolder? { trials?.folder(id) }

  private func trial(
    _ record: TrialRecord, _ directory: String?, _ summary: TrialSummary?, _ held: HeldFolders
  ) -> WatchedTrial {
    var trial = WatchedTrial(
      id: directory ?? record.address, name: record.name, role: record.role.rawValue, seed: "\(record.seed)",
      state: .waiting, reason: record.reason)
    switch record.state {
    case .finished: trial.state = .finished
    case .failed: trial.state = .failed
    case .notRun: trial.state = .notRun
    case .waiting, .running:
      if let directory { trial.state = state(of: directory, held) }
    }
    if let summary {
      (trial.value, trial.fileBytes, trial.multiplyAdds) = (
        summary.value, summary.fileBytes, summary.multiplyAdds
      )
    }
    return withProgress(trial, directory)
  }

  private func trial(_ directory: String, hasLedger: Bool, _ held: HeldFolders) -> WatchedTrial? {
    let isPartial = directory.hasPrefix(Self.partial)
    guard isPartial || !directory.hasPrefix("."), trials?.folder(directory) != nil else { return nil }
    let title = isPartial ? String(directory.dropFirst(Self.partial.count)) : directory
    let parts = title.split(separator: "-")
    guard parts.count >= 3, let seed = parts.dropLast().last, seed.first == "s" else { return nil }
    let state = state(of: directory, held)
    // Trials of another recipe do not belong to this run.
    guard !hasLedger || state == .running || state == .stopped else { return nil }
    let trial = WatchedTrial(
      id: directory, name: parts.dropLast(2).joined(separator: "-"), role: hasLedger ? "candidate" : "trial",
      seed: String(seed.dropFirst()), state: state)
    return withProgress(trial, directory)
  }

  private func state(of directory: String, _ held: HeldFolders) -> WatchedTrial.State {
    guard directory.hasPrefix(Self.partial) else { return .finished }
    if trials?.identity(directory).map(held.contains) == true { return .running }
    let last = trials?.folder(directory)?.changed(EpochRecord.fileName) ?? 0
    return Date().timeIntervalSince1970 - last < Self.quiet ? .running : .stopped
  }

  /// Adds the progress of an unfinished trial, or the model of a finished one.
  private func withProgress(_ trial: WatchedTrial, _ directory: String?) -> WatchedTrial {
    guard let directory else { return trial }
    var trial = trial
    if directory.hasPrefix(Self.partial) {
      let epochs = epochs(of: directory) ?? []
      trial.epochs = epochs.count
      trial.stage = epochs.last?.stage
      trial.validation = epochs.last?.validation
    } else {
      trial.model = model(of: directory)?.name
    }
    return trial
  }

  /// The beginning of the address at the end of a directory's name.
  private static func digits(of directory: String) -> String {
    String(directory.split(separator: "-").last ?? "")
  }
}

extension ClosedFolder {
  /// True if a name is a link.
  func isLink(_ name: String) -> Bool { !name.isEmpty && isLinkItself(name) }

  private func isLinkItself(_ name: String) -> Bool {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: path + "/" + name)) != nil
  }

  /// The inode number of the folder.
  var ownIdentity: Int? {
    ((try? FileManager.default.attributesOfItem(atPath: path))?[.systemFileNumber] as? NSNumber)?.intValue
  }
}

/// The folders and files that processes of this machine lock by `flock`, from `/proc/locks`.
///
/// Trying the lock itself could keep a trial from starting.
struct HeldFolders {
  private let identities: Set<Int>

  init(_ text: String? = try? String(contentsOfFile: "/proc/locks", encoding: .utf8)) {
    identities = Set(
      (text ?? "").split(separator: "\n").compactMap { line in
        // A line is `1: FLOCK  ADVISORY  WRITE 708 08:02:9963 0 EOF`; a waiting process has an arrow in the
        // second column.
        let words = line.split(separator: " ")
        guard words.count >= 6, words[1] == "FLOCK" else { return nil }
        return words[5].split(separator: ":").last.flatMap { Int($0) }
      })
  }

  func contains(_ identity: Int) -> Bool { identities.contains(identity) }
}
