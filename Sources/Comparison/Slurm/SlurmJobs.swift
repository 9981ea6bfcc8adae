import Foundation
import Tensors
import Trials

/// Runs trials as jobs of a Slurm cluster.
///
/// Trials that are submitted within a moment become one array. A file of the run records the task of each
/// trial, so that a comparison whose process died finds its jobs again. A trial continues from its last
/// checkpoint wherever it is started, so one whose node or job was lost is submitted again; one that was
/// started on another instruction set than its own is sent to another node.
public actor SlurmJobs: TrialExecutor {
  /// The number of trials that wait and run at a time.
  public nonisolated let capacity: Int
  private let profile: SlurmProfile
  private let folder: String
  private let executable: String
  private let sources: [String]
  private let queue: any SlurmQueue
  private var waiting: [String] = []
  private var entries: [String: Entry] = [:]
  private var arrays = 0
  private var flush: Task<Void, Never>?
  private var watch: Task<Void, Never>?

  /// A trial that was submitted to the queue.
  private struct Entry {
    let job: TrialJob
    let said: @Sendable (String) -> Void
    /// The array's task, such as `12_3`; `nil` before it has one.
    var task: String?
    var tries = 0
    var excluding: [String] = []
    var isCancelled = false
    var end: TrialEnd?
    var waiter: CheckedContinuation<TrialEnd, Never>?
    /// The number of log lines that were reported.
    var told = 0
    var misses = 0
  }

  /// Makes an executor for the jobs of a run.
  ///
  /// `folder` holds scripts and exit codes, and must have the same path on the nodes.
  public init(_ profile: SlurmProfile, folder: String, executable: String, sources: [String]) {
    self.init(profile, folder: folder, executable: executable, sources: sources, queue: InstalledSlurm())
  }

  init(
    _ profile: SlurmProfile, folder: String, executable: String, sources: [String], queue: any SlurmQueue
  ) {
    capacity = profile.jobs
    self.profile = profile
    self.folder = URL(filePath: folder).absoluteURL.standardizedFileURL.path
    self.executable = executable
    self.sources = sources.map { URL(filePath: $0).absoluteURL.standardizedFileURL.path }
    self.queue = queue
  }

  /// The time for which submissions are collected for one array.
  private static let gathering = Duration.milliseconds(300)
  /// The number of successive looks at the queue that may miss a task before it counts as lost.
  ///
  /// A task that was just submitted or requeued may be missing from the queue for a moment.
  private static let patience = 2

  // MARK: The executor

  /// Submits a trial, unless an earlier process has submitted it.
  public func submit(_ job: TrialJob, said: @escaping @Sendable (String) -> Void) async {
    var entry = Entry(job: job, said: said)
    if let known = known[job.name], FileManager.default.fileExists(atPath: job.filling) {
      entry.task = known
      entries[job.name] = entry
    } else {
      entries[job.name] = entry
      give(job.name)
    }
    if watch == nil { watch = Task { await keepWatching() } }
  }

  /// Marks a trial as cancelled; ends its job only if the profile says so.
  public func cancel(_ job: TrialJob) async {
    guard entries[job.name] != nil else { return }
    entries[job.name]?.isCancelled = true
    waiting.removeAll { $0 == job.name }
    if profile.cancelOnStop, let task = entries[job.name]?.task {
      _ = await queue.run("scancel", [task])
      forget(job.name)
    }
    settle(job.name, .stopped)
  }

  /// Waits for the end of a trial.
  public func end(of job: TrialJob) async -> TrialEnd {
    guard let entry = entries[job.name] else {
      preconditionFailure("a job that was not submitted: \(job.name)")
    }
    let end: TrialEnd
    if let known = entry.end {
      end = known
    } else {
      end = await withCheckedContinuation { entries[job.name]?.waiter = $0 }
    }
    entries[job.name] = nil
    return end
  }

  // MARK: Giving to the queue

  private func give(_ name: String) {
    waiting.append(name)
    guard flush == nil else { return }
    flush = Task {
      try? await Task.sleep(for: Self.gathering)
      await submitWaiting()
    }
  }

  private func submitWaiting() async {
    flush = nil
    let all = waiting
    waiting = []
    // The tasks of an array have the same number of cores and exclude the same nodes.
    let groups = Dictionary(grouping: all) { name -> [String] in
      ["\(entries[name]?.job.spec.threads ?? 1)"] + (entries[name]?.excluding ?? [])
    }
    for (key, names) in groups.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      for start in stride(from: 0, to: names.count, by: profile.arraySize) {
        await submit(
          Array(names[start..<min(names.count, start + profile.arraySize)]), threads: Int(key[0]) ?? 1,
          excluding: Array(key.dropFirst()))
      }
    }
  }

  private func submit(_ names: [String], threads: Int, excluding: [String]) async {
    let names = names.filter { entries[$0] != nil }
    guard !names.isEmpty else { return }
    arrays += 1
    let stem = "\(folder)/array-\(ProcessInfo.processInfo.processIdentifier)-\(arrays)"
    let script = SlurmScript(
      profile: profile, executable: executable, sources: sources, threads: threads,
      count: names.count, list: stem + ".list", ends: folder + "/ends", excluding: excluding)
    do {
      try FileManager.default.createDirectory(atPath: script.ends, withIntermediateDirectories: true)
      let lines = names.compactMap { entries[$0]?.job }.map { job in
        [job.filling, job.directory].map(Self.absolute).joined(separator: "\t") + "\t\(job.log)\n"
      }
      try WholeFile.write(Array(lines.joined().utf8), to: script.list)
      try WholeFile.write(Array(script.text.utf8), to: stem + ".sh")
    } catch {
      for name in names { settle(name, .failed("\(folder): cannot be written: \(error)")) }
      return
    }
    let answer = await queue.run("sbatch", ["--parsable", stem + ".sh"])
    switch answer {
    case .success(let text):
      guard let job = SlurmAnswers.job(text) else {
        for name in names { settle(name, .failed("sbatch: expected a job's number, found \"\(text)\"")) }
        return
      }
      for (number, name) in names.enumerated() {
        entries[name]?.task = "\(job)_\(number + 1)"
        entries[name]?.tries += 1
        entries[name]?.misses = 0
        if let spec = entries[name]?.job.spec {
          entries[name]?.said("job \(job)_\(number + 1) of \(spec.threads) threads waits")
        }
      }
      remember(
        Dictionary(
          zip(names, names.indices.map { "\(job)_\($0 + 1)" }), uniquingKeysWith: { first, _ in first }))
    case .failure(let failure):
      for name in names { settle(name, .failed("\(failure)")) }
    }
  }

  private static func absolute(_ path: String) -> String {
    URL(filePath: path).absoluteURL.standardizedFileURL.path
  }

  // MARK: Which task a trial is

  private var record: String { folder + "/jobs.json" }
  /// The task that each trial was given to last.
  private lazy var known: [String: String] = {
    let data = FileManager.default.contents(atPath: folder + "/jobs.json") ?? Data()
    return (try? JSONDecoder().decode([String: String].self, from: data)) ?? [:]
  }()

  private func remember(_ tasks: [String: String]) {
    known.merge(tasks) { $1 }
    keepRecord()
  }

  private func forget(_ name: String) {
    known[name] = nil
    keepRecord()
  }

  private func keepRecord() {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    // Without the record a later call would submit running trials again, where their locks keep them from
    // running twice.
    if let data = try? encoder.encode(known) { try? WholeFile.write(Array(data), to: record) }
  }

  // MARK: Ends

  private func keepWatching() async {
    while entries.values.contains(where: { $0.end == nil }) {
      await look()
      try? await Task.sleep(for: .seconds(profile.pollSeconds))
    }
    watch = nil
  }

  /// Looks once at the queue and at the exit codes of tasks.
  func look() async {
    var alive: Set<String>?
    // By name, so that ends are told and lost trials given to the queue again in the same order every time.
    for (name, entry) in entries.sorted(by: { $0.key < $1.key }) where entry.end == nil {
      guard let task = entry.task else { continue }
      tell(name)
      if let end = takeEnd(of: task) {
        settle(name, status: end.status, node: end.node)
        continue
      }
      if alive == nil {
        guard case .success(let text) = await queue.run("squeue", ["-h", "-r", "--me", "-o", "%i %T"]) else {
          return
        }
        alive = SlurmAnswers.alive(text)
      }
      if alive?.contains(task) == true {
        entries[name]?.misses = 0
      } else if entry.misses < Self.patience {
        entries[name]?.misses += 1
      } else {
        await lost(name, task)
      }
    }
  }

  /// Reports the lines that a trial has added to its log.
  private func tell(_ name: String) {
    guard let entry = entries[name], let text = try? String(contentsOfFile: entry.job.name, encoding: .utf8)
    else { return }
    let lines = text.split(separator: "\n")
    for line in lines.dropFirst(entry.told) { entry.said(String(line)) }
    entries[name]?.told = lines.count
  }

  /// The end of a task, from its file.
  ///
  /// `nil` for a task that Slurm ended: a preempted task starts again under the same number.
  private func takeEnd(of task: String) -> (status: Int, node: String)? {
    let words = (try? String(contentsOfFile: "\(folder)/ends/\(task)", encoding: .utf8))?.split(
      whereSeparator: \.isWhitespace)
    guard let words, let status = words.first.flatMap({ Int($0) }), status != 130, status != 143 else {
      return nil
    }
    return (status, words.count > 1 ? String(words[1]) : "")
  }

  private func settle(_ name: String, status: Int, node: String) {
    guard let entry = entries[name] else { return }
    let words = lastWords(of: entry.job)
    switch status {
    case 0: settle(name, .done)
    case 69
    where words?.contains("instruction set") == true && !node.isEmpty && !entry.excluding.contains(node):
      entries[name]?.excluding.append(node)
      entries[name]?.task = nil
      forget(name)
      give(name)
    default: settle(name, .failed(words ?? "exit code \(status)"))
    }
  }

  /// Handles a task that disappeared without an exit code: submits it again, or gives up.
  private func lost(_ name: String, _ task: String) async {
    guard let entry = entries[name] else { return }
    // The exit code may have been written, or the trial finished, since the last look.
    if let end = takeEnd(of: task) { return settle(name, status: end.status, node: end.node) }
    forget(name)
    guard entry.tries <= profile.retries else {
      var state: String?
      if case .success(let text) = await queue.run("sacct", ["-n", "-X", "-P", "-o", "State", "-j", task]) {
        state = SlurmAnswers.state(text)
      }
      return settle(
        name, .failed("its job \(task) was lost \(entry.tries) times\(state.map { ", last as \($0)" } ?? "")")
      )
    }
    entries[name]?.task = nil
    give(name)
  }

  private func settle(_ name: String, _ end: TrialEnd) {
    guard entries[name]?.end == nil else { return }
    if end != .stopped { forget(name) }
    entries[name]?.end = end
    entries[name]?.waiter?.resume(returning: end)
    entries[name]?.waiter = nil
  }

  /// The last line of a trial's log, which is its message.
  private func lastWords(of job: TrialJob) -> String? {
    let text = try? String(contentsOfFile: job.name, encoding: .utf8)
    let line = text?.split(separator: "\n").last.map(String.init)
    return line.map { $0.hasPrefix("condense: ") ? String($0.dropFirst(10)) : $0 }
  }
}
