import Foundation
import Runs
import Settings
import Tensors
public import Trials

/// An event while trials run, for display.
public enum TrialEvent: Sendable {
  /// A trial that exists already, or turned out to be equal to one that does.
  case found(TrialSpec)
  /// A finished trial that is read again on targets that were added or changed.
  case rereading(TrialSpec, targets: [String])
  /// A trial that was started.
  case started(TrialSpec)
  /// A line of a trial's output.
  case said(TrialSpec, String)
  /// A trial that was finished, with its seconds.
  case finished(TrialSpec, seconds: Double)
  /// A search's candidate that failed and is run once more.
  case retrying(TrialSpec, reason: String)
  /// A trial that failed, with the reason.
  case failed(TrialSpec, reason: String)
  /// A trial that was not run, with the reason.
  case notRun(TrialSpec, reason: String)
}

/// Runs the trials of a source when they can begin, several at a time, except those that are finished
/// already.
public struct TrialScheduler: Sendable {
  /// The executor of trials.
  public var executor: any TrialExecutor
  /// The folder of the trials.
  public var folder: TrialFolder
  /// The time after which no trial may end: one that would end later is not started.
  public var timeLimit: Duration?
  /// Returns true if everything should stop.
  public var shouldStop: @Sendable () -> Bool
  /// The number of the data's training images, for estimates of a trial's time.
  public var trainingImages: Int
  /// The present origins of readings, by target.
  public var origins: [String: ReadingOrigin]

  /// Makes a scheduler.
  public init(
    executor: any TrialExecutor, folder: TrialFolder, timeLimit: Duration?, trainingImages: Int,
    origins: [String: ReadingOrigin] = [:], shouldStop: @Sendable @escaping () -> Bool
  ) {
    self.executor = executor
    self.folder = folder
    self.timeLimit = timeLimit
    self.trainingImages = trainingImages
    self.origins = origins
    self.shouldStop = shouldStop
  }

  /// A trial to run, or a finished one to read again.
  private enum Work {
    case trial(TrialSpec)
    case reading(TrialSpec, targets: [String])
  }

  /// A job that has ended.
  private struct Ended: Sendable {
    let spec: TrialSpec
    let isReading: Bool
    let end: TrialEnd
    let seconds: Double
  }

  /// Runs the trials of a source until it has no more.
  ///
  /// Returns, by address, the reasons why finished trials could not be read again; trials that depend on one
  /// of them are run nevertheless.
  public func run<Source: TrialSource>(
    _ source: inout Source, events: @Sendable @escaping (TrialEvent) -> Void
  ) async -> [String: TrialOutcome] {
    var unread: [String: TrialOutcome] = [:]
    var waiting: [Work] = []
    var pace = TrialPace()
    var retried: Set<String> = []
    let clock = ContinuousClock()
    let began = clock.now
    await withTaskGroup(of: Ended.self) { group in
      var running = 0
      pull(&source, into: &waiting, events)
      while true {
        while running < executor.capacity, !shouldStop(), !waiting.isEmpty {
          let work = waiting.removeFirst()
          do {
            guard let job = try begin(work, pace, elapsed: clock.now - began, events) else {
              tell(&source, .notRun(Self.late), of: work, events)
              pull(&source, into: &waiting, events)
              continue
            }
            running += 1
            let isReading = if case .reading = work { true } else { false }
            group.addTask {
              let start = clock.now
              let end = await runToEnd(job) { events(.said(job.spec, $0)) }
              return Ended(
                spec: job.spec, isReading: isReading, end: end, seconds: (clock.now - start) / .seconds(1))
            }
          } catch {
            if case .reading(let spec, _) = work { unread[spec.address] = .failed("\(error)") }
            tell(&source, .failed("\(error)"), of: work, events)
            pull(&source, into: &waiting, events)
          }
        }
        guard running > 0, let ended = await group.next() else { break }
        running -= 1
        if ended.isReading {
          settleReading(ended, &unread, events)
          continue
        }
        let outcome = outcome(of: ended)
        // A search continues without a failed candidate and never asks for it again, so a second try rules
        // out an accident.
        if case .failed(let reason) = outcome, ended.spec.role == .candidate,
          retried.insert(ended.spec.address).inserted, !shouldStop()
        {
          waiting.insert(.trial(ended.spec), at: 0)
          events(.retrying(ended.spec, reason: reason))
          continue
        }
        settle(ended, outcome, &source, &pace, events)
        pull(&source, into: &waiting, events)
      }
    }
    close(&source, waiting, events)
    return unread
  }

  private static let late = "no time left before the time limit"

  // MARK: The source

  /// Pulls all trials that can begin now; a finished one is reported at once, which may release more.
  private func pull(
    _ source: inout some TrialSource, into waiting: inout [Work], _ events: (TrialEvent) -> Void
  ) {
    while let spec = source.pull() {
      guard isDone(spec) else {
        waiting.append(.trial(spec))
        continue
      }
      let stale = staleTargets(of: spec)
      if stale.isEmpty { events(.found(spec)) } else { waiting.insert(.reading(spec, targets: stale), at: 0) }
      source.tell(.done, of: spec.address)
    }
    tellSettled(&source, events)
  }

  /// Reports trials that ended without being run.
  private func tellSettled(_ source: inout some TrialSource, _ events: (TrialEvent) -> Void) {
    for (spec, outcome) in source.takeSettled() { tell(outcome, of: spec, events) }
  }

  private func tell(_ outcome: TrialOutcome, of spec: TrialSpec, _ events: (TrialEvent) -> Void) {
    switch outcome {
    case .failed(let reason): events(.failed(spec, reason: reason))
    case .notRun(let reason): events(.notRun(spec, reason: reason))
    case .done: events(.found(spec))
    }
  }

  private func tell(
    _ source: inout some TrialSource, _ outcome: TrialOutcome, of work: Work, _ events: (TrialEvent) -> Void
  ) {
    switch work {
    case .trial(let spec):
      source.tell(outcome, of: spec.address)
      tell(outcome, of: spec, events)
    case .reading(let spec, _):
      tell(outcome, of: spec, events)
    }
  }

  /// Ends all trials that were not begun.
  private func close(_ source: inout some TrialSource, _ waiting: [Work], _ events: (TrialEvent) -> Void) {
    let reason = shouldStop() ? "stopped before it began" : "a trial that it needs is missing"
    for work in waiting {
      switch work {
      case .trial: tell(&source, .notRun(reason), of: work, events)
      // A finished trial is kept unchanged, and the next call reads it again.
      case .reading(let spec, _): events(.found(spec))
      }
    }
    tellSettled(&source, events)
    for spec in source.close(reason) { events(.notRun(spec, reason: reason)) }
  }

  // MARK: Jobs

  /// Prepares a trial's directory; `nil` if the trial would end too late.
  private func begin(
    _ work: Work, _ pace: TrialPace, elapsed: Duration, _ events: (TrialEvent) -> Void
  ) throws -> TrialJob? {
    switch work {
    case .reading(let spec, let targets):
      let job = try rereading(spec)
      events(.rereading(spec, targets: targets))
      return job
    case .trial(let spec):
      if let timeLimit {
        let expected = pace.seconds(for: spec, images: trainingImages) ?? 0
        if elapsed + .seconds(expected) > timeLimit { return nil }
      }
      let job = try prepare(spec)
      events(.started(spec))
      return job
    }
  }

  /// Runs a job to its end; cancels it when everything should stop.
  private func runToEnd(_ job: TrialJob, said: @escaping @Sendable (String) -> Void) async -> TrialEnd {
    await executor.submit(job, said: said)
    return await withTaskGroup(of: Void.self) { group in
      group.addTask {
        while !shouldStop() {
          guard (try? await Task.sleep(for: Self.patience)) != nil else { return }
        }
        await executor.cancel(job)
      }
      let end = await executor.end(of: job)
      group.cancelAll()
      return end
    }
  }

  /// The interval at which `shouldStop` is called.
  private static let patience = Duration.milliseconds(100)

  private func outcome(of ended: Ended) -> TrialOutcome {
    switch ended.end {
    case .done: isDone(ended.spec) ? .done : .failed("it ended without a result")
    case .failed(let reason): .failed(reason)
    case .stopped: shouldStop() ? .notRun("stopped") : .failed("another process ended it")
    }
  }

  private func settle(
    _ ended: Ended, _ outcome: TrialOutcome, _ source: inout some TrialSource, _ pace: inout TrialPace,
    _ events: (TrialEvent) -> Void
  ) {
    let spec = ended.spec
    source.tell(outcome, of: spec.address)
    guard case .done = outcome else { return tell(outcome, of: spec, events) }
    pace.add(spec, images: trainingImages, seconds: ended.seconds)
    events(.finished(spec, seconds: ended.seconds))
  }

  private func settleReading(
    _ ended: Ended, _ unread: inout [String: TrialOutcome], _ events: (TrialEvent) -> Void
  ) {
    guard case .failed(let reason) = ended.end else { return events(.found(ended.spec)) }
    let words = "its readings on targets: \(reason)"
    unread[ended.spec.address] = .failed(words)
    events(.failed(ended.spec, reason: words))
  }

  // MARK: Directories

  /// True if a trial's directory holds the file that marks it as finished.
  public func isDone(_ spec: TrialSpec) -> Bool { folder.isDone(spec) }

  /// The targets on which a finished trial was not read, or has another origin.
  private func staleTargets(of spec: TrialSpec) -> [String] {
    guard spec.role.isRow, let directory = folder.directory(of: spec.address),
      let result = try? TrialResult.read(directory + "/" + TrialFolder.result)
    else { return [] }
    return TrialRereading.staleTargets(of: result, origins)
  }

  /// The job that reads a finished trial again; its specification names the present targets.
  private func rereading(_ spec: TrialSpec) throws -> TrialJob {
    guard let directory = folder.directory(of: spec.address) else {
      throw ComparisonError.runDirectory(path: folder.path, reason: "the trial \(spec.directoryName) is gone")
    }
    try write(spec, to: directory)
    return TrialJob(spec: spec, directory: directory, filling: directory, log: "readings.txt")
  }

  /// Writes a trial's specification into the directory where the trial will be filled.
  private func prepare(_ spec: TrialSpec) throws -> TrialJob {
    let place = folder.place(of: spec)
    let filling = place.partialPath
    do {
      try FileManager.default.createDirectory(atPath: filling, withIntermediateDirectories: true)
    } catch {
      throw ComparisonError.runDirectory(
        path: filling, reason: "cannot be written: \(FileFailure.reason(error, path: filling))")
    }
    try write(spec, to: filling)
    return TrialJob(spec: spec, directory: place.path, filling: filling, log: "log.txt")
  }

  private func write(_ spec: TrialSpec, to directory: String) throws {
    let path = directory + "/" + TrialFolder.specification
    do throws(SystemError) {
      try WholeFile.write(Array((spec.node.prettyJSON + "\n").utf8), to: path)
    } catch {
      throw ComparisonError.runDirectory(path: directory, reason: "cannot be written: \(error)")
    }
  }
}

/// The time of trials, learnt from those that are finished.
public struct TrialPace: Sendable {
  private var seconds = 0.0
  private var images = 0

  /// Starts without any trial.
  public init() {}

  /// Adds a finished trial.
  public mutating func add(_ spec: TrialSpec, images: Int, seconds: Double) {
    self.seconds += seconds
    self.images += Self.work(of: spec, images)
  }

  /// The expected seconds of a trial; `nil` before the first one is finished.
  public func seconds(for spec: TrialSpec, images: Int) -> Double? {
    guard self.images > 0 else { return nil }
    return seconds / Double(self.images) * Double(Self.work(of: spec, images))
  }

  /// The images that a trial trains on and evaluates; for logits a forward pass counts as a third of a step.
  private static func work(of spec: TrialSpec, _ images: Int) -> Int {
    spec.trainingImages(of: images) / (spec.role == .logits ? 3 : 1) + images
  }
}
