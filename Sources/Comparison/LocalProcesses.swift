import Synchronization
import Trials

/// Runs trials as processes on this machine, none of which outlives this one.
public final class LocalProcesses: TrialExecutor {
  public let capacity: Int
  private let executable: String
  private let sources: [String]
  private let jobs = Mutex<[String: Running]>([:])

  private struct Running {
    let task: Task<TrialEnd, Never>
    let stop: StopFlag
  }

  /// Processes of a program that knows `trial`.
  ///
  /// - Parameter sources: folders in which the files that manifests name are searched for.
  public init(executable: String, capacity: Int, sources: [String]) {
    self.executable = executable
    self.capacity = capacity
    self.sources = sources
  }

  public func submit(_ job: TrialJob, said: @escaping @Sendable (String) -> Void) async {
    let stop = StopFlag()
    let process = TrialProcess(executable: executable, job: job, sources: sources)
    let task = Task { await process.run(shouldStop: { stop.isSet }, progress: said) }
    jobs.withLock { $0[job.name] = Running(task: task, stop: stop) }
  }

  public func cancel(_ job: TrialJob) async { jobs.withLock { $0[job.name]?.stop.set() } }

  public func end(of job: TrialJob) async -> TrialEnd {
    guard let task = jobs.withLock({ $0[job.name]?.task }) else {
      preconditionFailure("a job that was not submitted: \(job.name)")
    }
    let end = await task.value
    jobs.withLock { $0[job.name] = nil }
    return end
  }
}

/// Whether a running trial is to stop.
private final class StopFlag: Sendable {
  private let flag = Atomic(false)
  var isSet: Bool { flag.load(ordering: .relaxed) }
  func set() { flag.store(true, ordering: .relaxed) }
}
