import Foundation
import Execution
import Recipes
import Runs
import Settings
import Synchronization
import Testing
import Trials

@testable import Comparison

/// An executor that runs nothing: each trial ends after a short time, or as the test sets it.
private final class Rehearsal: TrialExecutor {
  let capacity: Int
  private let folder: String
  private let ends: [String: TrialEnd]
  private let waits: Set<String>
  private let state = Mutex<(running: Set<String>, most: Int, began: [String], cancelled: Set<String>)>(
    ([], 0, [], []))

  /// Creates an executor; trials with names in `waits` end only when they are cancelled.
  init(capacity: Int, folder: String, ends: [String: TrialEnd] = [:], waits: Set<String> = []) {
    self.capacity = capacity
    self.folder = folder
    self.ends = ends
    self.waits = waits
  }

  var most: Int { state.withLock { $0.most } }
  var began: [String] { state.withLock { $0.began } }

  func submit(_ job: TrialJob, said: @escaping @Sendable (String) -> Void) async {
    state.withLock {
      $0.running.insert(job.spec.name)
      $0.most = max($0.most, $0.running.count)
      $0.began.append(job.spec.name)
    }
    said("stage 1 of 1: \(job.spec.name)")
  }

  func cancel(_ job: TrialJob) async { _ = state.withLock { $0.cancelled.insert(job.spec.name) } }

  func end(of job: TrialJob) async -> TrialEnd {
    let name = job.spec.name
    if waits.contains(name) {
      while !state.withLock({ $0.cancelled.contains(name) }) { try? await Task.sleep(for: .milliseconds(5)) }
      return .stopped
    }
    try? await Task.sleep(for: .milliseconds(20))
    _ = state.withLock { $0.running.remove(name) }
    if let end = ends[name] { return end }
    try? FileManager.default.createDirectory(atPath: job.directory, withIntermediateDirectories: true)
    _ = FileManager.default.createFile(atPath: job.directory + "/result.json", contents: nil)
    return .done
  }
}

@Suite("Scheduling trials")
struct TrialSchedulerTests {
  private let folder = FileManager.default.temporaryDirectory.path() + "/condense-jobs-" + UUID().uuidString

  private func spec(_ name: String, teacher: TrialSpec? = nil) -> TrialSpec {
    TrialSpec(
      name: name, role: teacher == nil ? .teacher : .student, seed: 0, data: "d", dataDigest: name,
      validationFraction: 0, start: .teacher, stages: [], teacher: teacher?.address, threads: 1,
      precision: .f32, instructionSet: "x")
  }

  private func run(
    _ executor: Rehearsal, _ trials: [TrialSpec], timeLimit: Duration? = nil,
    shouldStop: @escaping @Sendable () -> Bool = { false }
  ) async -> (queue: TrialQueue, events: [String]) {
    let events = Mutex<[String]>([])
    var queue = TrialQueue(TrialPlan(trials: trials))
    let scheduler = TrialScheduler(
      executor: executor, folder: TrialFolder(path: folder), timeLimit: timeLimit, trainingImages: 100,
      shouldStop: shouldStop)
    let unread = await scheduler.run(&queue) { event in
      let word =
        switch event {
        case .found(let spec): "found \(spec.name)"
        case .rereading(let spec, _): "rereading \(spec.name)"
        case .started(let spec): "started \(spec.name)"
        case .said(let spec, _): "said \(spec.name)"
        case .finished(let spec, _): "finished \(spec.name)"
        case .retrying(let spec, let reason): "retrying \(spec.name): \(reason)"
        case .failed(let spec, let reason): "failed \(spec.name): \(reason)"
        case .notRun(let spec, let reason): "not run \(spec.name): \(reason)"
        }
      events.withLock { $0.append(word) }
    }
    #expect(unread.isEmpty)
    return (queue, events.withLock { $0 })
  }

  @Test("Never more trials at a time than the executor takes, and all that it can take")
  func capacity() async {
    let teacher = spec("t")
    let students = (0..<7).map { spec("s\($0)", teacher: teacher) }
    let executor = Rehearsal(capacity: 3, folder: folder)
    let (queue, events) = await run(executor, [teacher] + students)
    #expect(executor.most == 3 && executor.began.first == "t" && executor.began.count == 8)
    #expect(queue.outcomes.count == 8 && queue.outcomes.values.allSatisfy { $0 == .done })
    #expect(events.count { $0.hasPrefix("said") } == 8 && events.count { $0.hasPrefix("finished") } == 8)
    // In a second run all trials are found done, and none begins.
    let second = Rehearsal(capacity: 3, folder: folder)
    let again = await run(second, [teacher] + students)
    #expect(
      second.began.isEmpty && again.events.allSatisfy { $0.hasPrefix("found") } && again.events.count == 8)
  }

  @Test("A trial that fails, ends without a result or is ended from outside falls with those that need it")
  func failures() async {
    let (good, bad, empty) = (spec("good"), spec("bad"), spec("outside"))
    let executor = Rehearsal(
      capacity: 1, folder: folder, ends: ["bad": .failed("out of memory"), "outside": .stopped])
    let trials = [
      good, bad, spec("x", teacher: good), spec("y", teacher: bad), empty, spec("z", teacher: empty),
    ]
    let (queue, events) = await run(executor, trials)
    #expect(events.contains("failed bad: out of memory"))
    #expect(events.contains("failed y: a trial that it needs failed"))
    #expect(events.contains("failed outside: another process ended it"))
    #expect(
      queue.outcomes[trials[2].address] == .done && executor.began == ["good", "bad", "x", "outside"]
        || executor.began == ["good", "bad", "outside", "x"])
  }

  @Test("A search's candidate that fails is tried once more, then told as failed")
  func retries() async {
    var (lost, well) = (spec("lost"), spec("well"))
    lost.role = .candidate
    let executor = Rehearsal(capacity: 1, folder: folder, ends: ["lost": .failed("ended by signal 9")])
    let (queue, events) = await run(executor, [lost, well])
    #expect(executor.began == ["lost", "lost", "well"])
    #expect(events.count { $0 == "retrying lost: ended by signal 9" } == 1)
    #expect(events.count { $0 == "failed lost: ended by signal 9" } == 1)
    #expect(queue.outcomes[lost.address] == .failed("ended by signal 9"))
  }

  @Test("Asked to stop, running trials are cancelled, and the rest is not run")
  func stopping() async {
    let began = ContinuousClock().now
    let trials = [spec("a"), spec("b"), spec("c")]
    let executor = Rehearsal(capacity: 2, folder: folder, waits: ["a", "b"])
    let (queue, events) = await run(executor, trials) { ContinuousClock().now - began > .milliseconds(300) }
    #expect(executor.began == ["a", "b"])
    #expect(events.contains("not run a: stopped") && events.contains("not run c: stopped before it began"))
    #expect(queue.outcomes[trials[1].address] == .notRun("stopped"))
  }

  @Test("No trial is begun that would end after the time limit")
  func timeLimit() async {
    let teacher = spec("t")
    let executor = Rehearsal(capacity: 1, folder: folder)
    let (queue, events) = await run(
      executor, [teacher, spec("s", teacher: teacher)], timeLimit: .milliseconds(1))
    #expect(executor.began == ["t"])
    #expect(events.contains("not run s: no time left before the time limit"))
    #expect(queue.outcomes.count == 2)
  }
}
