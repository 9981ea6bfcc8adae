import Foundation
import Recipes
import Subprocess
import Synchronization
import SystemPackage
import Trials

/// Runs trials as processes on this machine, none of which outlives this process.
public final class LocalProcesses: TrialExecutor {
  /// The number of trials at a time.
  public let capacity: Int
  private let executable: String
  private let sources: [String]
  private let jobs = Mutex<[String: Running]>([:])

  private struct Running {
    let task: Task<TrialEnd, Never>
    let stop: StopFlag
  }

  /// Makes an executor for a program with the command `trial`.
  ///
  /// `sources` are the folders that are searched for the files that manifests name.
  public init(executable: String, capacity: Int, sources: [String]) {
    self.executable = executable
    self.capacity = capacity
    self.sources = sources
  }

  /// Starts a process for the trial.
  public func submit(_ job: TrialJob, said: @escaping @Sendable (String) -> Void) async {
    let stop = StopFlag()
    let process = TrialProcess(executable: executable, job: job, sources: sources)
    let task = Task { await process.run(shouldStop: { stop.isSet }, progress: said) }
    jobs.withLock { $0[job.name] = Running(task: task, stop: stop) }
  }

  /// Asks the trial's process to stop.
  public func cancel(_ job: TrialJob) async { jobs.withLock { $0[job.name]?.stop.set() } }

  /// Waits for the trial's process to end.
  public func end(of job: TrialJob) async -> TrialEnd {
    guard let task = jobs.withLock({ $0[job.name]?.task }) else {
      preconditionFailure("a job that was not submitted: \(job.name)")
    }
    let end = await task.value
    jobs.withLock { $0[job.name] = nil }
    return end
  }
}

/// A flag that asks a running trial to stop.
private final class StopFlag: Sendable {
  private let flag = Atomic(false)
  var isSet: Bool { flag.load(ordering: .relaxed) }
  func set() { flag.store(true, ordering: .relaxed) }
}

/// One trial in its own process, so that a crash or a lack of memory costs one row only.
///
/// The child's standard input stays open while this process lives, and a child exits when it closes, so that
/// none outlives its parent. Its standard output reports progress, and its standard error goes to its log.
struct TrialProcess: Sendable {
  /// The program with the command `trial`.
  let executable: String
  /// The job.
  let job: TrialJob
  /// The folders that are searched for the files that manifests name.
  let sources: [String]

  /// Runs the trial to its end; `progress` receives each line of the child's output.
  ///
  /// The child is asked to stop when `shouldStop` returns true.
  func run(
    shouldStop: @Sendable @escaping () -> Bool, progress: @Sendable @escaping (String) -> Void
  ) async -> TrialEnd {
    let errors: FileDescriptor
    do {
      errors = try FileDescriptor.open(
        FilePath(job.name), .writeOnly, options: [.create, .truncate, .closeOnExec],
        permissions: [.ownerReadWrite, .groupRead, .otherRead])
    } catch {
      return .failed("\(job.name): cannot be written: \(error)")
    }
    defer { try? errors.close() }
    do {
      let result = try await Subprocess.run(
        .path(FilePath(executable)),
        arguments: ["trial", job.filling + "/" + TrialFolder.specification, "--out", job.directory],
        environment: .inherit.updating(["CONDENSE_DATA": sources.joined(separator: ":")]),
        input: .inputWriter, output: .sequence,
        error: .fileDescriptor(errors, closeAfterSpawningProcess: false)
      ) { execution in
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask {
            while !shouldStop() { try await Task.sleep(for: Self.patience) }
            try execution.send(signal: .terminate)
          }
          for try await line in execution.standardOutput.strings() {
            progress(line.trimmingCharacters(in: .whitespacesAndNewlines))
          }
          group.cancelAll()
          while let ended = await group.nextResult() { _ = ended }
        }
      }
      return end(of: result.terminationStatus)
    } catch {
      return .failed("\(executable): cannot be run: \(error)")
    }
  }

  /// The interval at which `shouldStop` is called.
  private static let patience = Duration.milliseconds(100)

  private func end(of status: TerminationStatus) -> TrialEnd {
    switch status {
    case .exited(0): .done
    case .exited(130), .exited(143): .stopped
    case .exited(let code): .failed(lastWords ?? "exit code \(code)")
    case .signaled(let signal): .failed(reason(signal))
    }
  }

  private func reason(_ signal: Int32) -> String {
    switch signal {
    case SIGKILL: "killed (signal 9): the machine was out of memory, or someone killed it"
    default: "crashed (signal \(signal)); its \(job.log) may say where"
    }
  }

  /// The last line of the log, which is the child's message.
  private var lastWords: String? {
    guard let text = try? String(contentsOfFile: job.name, encoding: .utf8) else { return nil }
    let line = text.split(separator: "\n").last.map(String.init)
    return line.map { $0.hasPrefix("condense: ") ? String($0.dropFirst(10)) : $0 }
  }
}
