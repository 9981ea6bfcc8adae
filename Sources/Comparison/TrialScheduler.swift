import Foundation
import Runs
import Settings
import Tensors
public import Recipes
public import Trials

/// What happens while trials run, for whoever shows it.
public enum TrialEvent: Sendable {
  /// A trial was there already.
  case found(TrialSpec)
  /// A trial that was there is read anew on targets that were added or changed.
  case rereading(TrialSpec, targets: [String])
  case started(TrialSpec)
  /// A line that a trial says of itself.
  case said(TrialSpec, String)
  case finished(TrialSpec, seconds: Double)
  case failed(TrialSpec, reason: String)
  case notRun(TrialSpec, reason: String)
}

/// How a trial of a run stands in the end.
public enum TrialOutcome: Sendable, Equatable {
  case done
  case failed(String)
  case notRun(String)

  /// Whether it was run in vain, or could not be as one that it needs failed.
  public var isFailure: Bool { if case .failed = self { true } else { false } }
}

/// Runs trials in an order that their dependencies allow, several at a time, and none that is done already.
public struct TrialScheduler: Sendable {
  /// The program that knows `trial`.
  public var executable: String
  /// The folder of the trials.
  public var folder: TrialFolder
  /// Trials at a time.
  public var jobs: Int
  /// After which time no trial is started that would end later.
  public var timeLimit: Duration?
  /// Whether everything should stop.
  public var shouldStop: @Sendable () -> Bool
  /// Training images of the data, by which a trial's length is estimated.
  public var trainingImages: Int
  /// Folders in which the files that manifests name are searched for.
  public var sources: [String]
  /// What readings depend on, by target.
  public var origins: [String: ReadingOrigin]

  /// Makes a scheduler.
  public init(
    executable: String, folder: TrialFolder, jobs: Int, timeLimit: Duration?, trainingImages: Int,
    sources: [String], origins: [String: ReadingOrigin] = [:],
    shouldStop: @Sendable @escaping () -> Bool
  ) {
    self.executable = executable
    self.folder = folder
    self.jobs = jobs
    self.timeLimit = timeLimit
    self.trainingImages = trainingImages
    self.sources = sources
    self.origins = origins
    self.shouldStop = shouldStop
  }

  /// Runs what is not done yet; gives back how each trial stands, by its address.
  public func run(
    _ plan: TrialPlan, events: @Sendable @escaping (TrialEvent) -> Void
  ) async throws(ComparisonError) -> [String: TrialOutcome] {
    var queue = TrialQueue(plan)
    let found = plan.trials.filter(isDone)
    for spec in found { queue.finish(spec.address, .done) }
    let unread = await reread(found, events)
    let clock = ContinuousClock()
    let began = clock.now
    var pace = TrialPace()
    await withTaskGroup(of: (TrialSpec, TrialProcess.End, Double).self) { group in
      var running = 0
      while true {
        while running < jobs, !shouldStop(), let spec = takeReady(&queue, events) {
          if let reason = lateness(of: spec, pace, elapsed: clock.now - began) {
            queue.finish(spec.address, .notRun(reason))
            events(.notRun(spec, reason: reason))
            continue
          }
          do throws(ComparisonError) {
            let process = try prepare(spec)
            running += 1
            events(.started(spec))
            group.addTask {
              let start = clock.now
              let end = await process.run(shouldStop: shouldStop) { events(.said(spec, $0)) }
              return (spec, end, (clock.now - start) / .seconds(1))
            }
          } catch {
            queue.finish(spec.address, .failed("\(error)"))
            events(.failed(spec, reason: "\(error)"))
          }
        }
        guard running > 0, let (spec, end, seconds) = await group.next() else { break }
        running -= 1
        settle(spec, end, seconds, &queue, &pace, events)
      }
    }
    for (spec, reason) in queue.leaveRest(isStopping: shouldStop()) { events(.notRun(spec, reason: reason)) }
    // Trials that need one that could not be read anew were run all the same.
    return queue.states.merging(unread) { $1 }
  }

  /// Takes the readings that finished trials lack; gives back those for which that failed.
  private func reread(
    _ found: [TrialSpec], _ events: @Sendable @escaping (TrialEvent) -> Void
  ) async -> [String: TrialOutcome] {
    var failures: [String: TrialOutcome] = [:]
    await withTaskGroup(of: (TrialSpec, TrialProcess.End).self) { group in
      var running = 0
      func settle(_ spec: TrialSpec, _ end: TrialProcess.End) {
        running -= 1
        guard case .failed(let reason) = end else { return events(.found(spec)) }
        failures[spec.address] = .failed("its readings on targets: \(reason)")
        events(.failed(spec, reason: "its readings on targets: \(reason)"))
      }
      for spec in found {
        let stale = staleTargets(of: spec)
        guard !stale.isEmpty, !shouldStop() else {
          events(.found(spec))
          continue
        }
        if running >= jobs, let (spec, end) = await group.next() { settle(spec, end) }
        running += 1
        events(.rereading(spec, targets: stale))
        group.addTask {
          do throws(ComparisonError) {
            return (spec, await (try rereading(spec)).run(shouldStop: shouldStop) { events(.said(spec, $0)) })
          } catch {
            return (spec, .failed("\(error)"))
          }
        }
      }
      while let (spec, end) = await group.next() { settle(spec, end) }
    }
    return failures
  }

  /// The targets on which a finished trial was not read, or otherwise than it would be now.
  private func staleTargets(of spec: TrialSpec) -> [String] {
    guard spec.role != .logits, let directory = folder.directory(of: spec.address),
      let result = try? TrialResult.read(directory + "/" + TrialFolder.result)
    else { return [] }
    return TrialRereading.staleTargets(of: result, origins)
  }

  /// The process that reads a finished trial anew; its specification names the present targets.
  private func rereading(_ spec: TrialSpec) throws(ComparisonError) -> TrialProcess {
    guard let directory = folder.directory(of: spec.address) else {
      throw .runDirectory(path: folder.path, reason: "the trial \(spec.directoryName) is gone")
    }
    try write(spec, to: directory)
    return TrialProcess(
      executable: executable, directory: directory, filling: directory, log: "readings.txt", sources: sources)
  }

  /// The next trial that may start; those that can no longer be run are told of on the way.
  private func takeReady(_ queue: inout TrialQueue, _ events: (TrialEvent) -> Void) -> TrialSpec? {
    for (spec, outcome) in queue.settleHopeless() {
      switch outcome {
      case .failed(let reason): events(.failed(spec, reason: reason))
      case .notRun(let reason): events(.notRun(spec, reason: reason))
      case .done: break
      }
    }
    return queue.takeReady()
  }

  private func settle(
    _ spec: TrialSpec, _ end: TrialProcess.End, _ seconds: Double, _ queue: inout TrialQueue,
    _ pace: inout TrialPace, _ events: (TrialEvent) -> Void
  ) {
    switch end {
    case .done where isDone(spec):
      pace.add(spec, images: trainingImages, seconds: seconds)
      queue.finish(spec.address, .done)
      events(.finished(spec, seconds: seconds))
    case .done:
      queue.finish(spec.address, .failed("it ended without a result"))
      events(.failed(spec, reason: "it ended without a result"))
    case .failed(let reason):
      queue.finish(spec.address, .failed(reason))
      events(.failed(spec, reason: reason))
    case .stopped where !shouldStop():
      queue.finish(spec.address, .failed("it was ended from outside"))
      events(.failed(spec, reason: "it was ended from outside"))
    case .stopped:
      queue.finish(spec.address, .notRun("stopped"))
      events(.notRun(spec, reason: "stopped"))
    }
  }

  /// Why a trial would end too late; `nil` when it may start.
  private func lateness(of spec: TrialSpec, _ pace: TrialPace, elapsed: Duration) -> String? {
    guard let timeLimit else { return nil }
    let expected = pace.seconds(for: spec, images: trainingImages) ?? 0
    return elapsed + .seconds(expected) > timeLimit ? "no time left before the time limit" : nil
  }

  /// Whether a trial's directory holds what it is to leave.
  public func isDone(_ spec: TrialSpec) -> Bool {
    guard let directory = folder.directory(of: spec.address) else { return false }
    let file = spec.role == .logits ? TrialFolder.logits : TrialFolder.result
    return FileManager.default.fileExists(atPath: directory + "/" + file)
  }

  /// Puts a trial's specification where the trial will be filled.
  private func prepare(_ spec: TrialSpec) throws(ComparisonError) -> TrialProcess {
    let place = TrialDirectory(in: folder.path, name: spec.name, seed: spec.seed, address: spec.address)
    let filling = place.partialPath
    do {
      try FileManager.default.createDirectory(atPath: filling, withIntermediateDirectories: true)
    } catch {
      throw .runDirectory(
        path: filling, reason: "cannot be written: \(FileFailure.reason(error, path: filling))")
    }
    try write(spec, to: filling)
    return TrialProcess(
      executable: executable, directory: place.path, filling: filling, log: "log.txt", sources: sources)
  }

  private func write(_ spec: TrialSpec, to directory: String) throws(ComparisonError) {
    let path = directory + "/" + TrialFolder.specification
    do throws(SystemError) {
      try WholeFile.write(Array((spec.node.prettyJSON + "\n").utf8), to: path)
    } catch {
      throw .runDirectory(path: directory, reason: "cannot be written: \(error)")
    }
  }
}

/// Which trials wait, for what.
struct TrialQueue {
  private var waiting: [TrialSpec]
  private(set) var states: [String: TrialOutcome] = [:]

  init(_ plan: TrialPlan) { waiting = plan.trials }

  /// Settles a trial.
  mutating func finish(_ address: String, _ state: TrialOutcome) {
    states[address] = state
    waiting.removeAll { $0.address == address }
  }

  /// The next trial whose dependencies are done.
  mutating func takeReady() -> TrialSpec? {
    let ready = waiting.firstIndex { $0.dependencies.allSatisfy { states[$0] == .done } }
    return ready.map { waiting.remove(at: $0) }
  }

  /// Settles the trials that need one which failed or was not run, and tells which they are.
  mutating func settleHopeless() -> [(TrialSpec, TrialOutcome)] {
    var settled: [(TrialSpec, TrialOutcome)] = []
    var isChanged = true
    while isChanged {
      isChanged = false
      for spec in waiting {
        guard let outcome = spec.dependencies.compactMap({ reason(of: $0) }).first else { continue }
        finish(spec.address, outcome)
        settled.append((spec, outcome))
        isChanged = true
      }
    }
    return settled
  }

  /// What becomes of trials that need this one; `nil` while it may still be done.
  private func reason(of address: String) -> TrialOutcome? {
    switch states[address] {
    case .failed: .failed("a trial that it needs failed")
    case .notRun: .notRun("a trial that it needs was not run")
    case .done, nil: nil
    }
  }

  /// Settles what never started.
  mutating func leaveRest(isStopping: Bool) -> [(TrialSpec, String)] {
    let reason = isStopping ? "stopped before it began" : "a trial that it needs is missing"
    let rest = waiting
    for spec in rest { finish(spec.address, .notRun(reason)) }
    return rest.map { ($0, reason) }
  }
}

/// How long trials take, learnt from those that are done.
public struct TrialPace: Sendable {
  private var seconds = 0.0
  private var images = 0

  /// No trial yet.
  public init() {}

  /// Learns from a trial that is done.
  public mutating func add(_ spec: TrialSpec, images: Int, seconds: Double) {
    self.seconds += seconds
    self.images += spec.trainingImages(of: images) + images
  }

  /// The expected seconds of a trial; `nil` before the first one is done.
  public func seconds(for spec: TrialSpec, images: Int) -> Double? {
    guard self.images > 0 else { return nil }
    return seconds / Double(self.images) * Double(spec.trainingImages(of: images) + images)
  }
}
