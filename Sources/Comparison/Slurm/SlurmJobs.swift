import Foundation
import Tensors
import Trials

/// Runs trials as jobs of a cluster, through its queue.
///
/// What is submitted within a moment becomes one array. Which task a trial is stands in a file of the run: a comparison whose process
/// died finds its jobs again. A trial goes on from its last checkpoint wherever it is started next, so one whose node or job was lost is
/// given to the queue again; one that was started on an instruction set that it is not of is sent to another node.
public actor SlurmJobs: TrialExecutor {
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

  /// A trial that was given to the queue.
  private struct Entry {
    let job: TrialJob
    let said: @Sendable (String) -> Void
    /// The array's task: `12_3`; `nil` before it has one.
    var task: String?
    var tries = 0
    var excluding: [String] = []
    var isCancelled = false
    var end: TrialEnd?
    var waiter: CheckedContinuation<TrialEnd, Never>?
    /// Lines of the log that were told.
    var told = 0
    var misses = 0
  }

  /// Jobs of a run.
  ///
  /// - Parameter folder: where scripts and ends are kept; nodes see it under the same path.
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

  /// How long submissions are gathered for one array.
  private static let gathering = Duration.milliseconds(300)
  /// Looks at the queue in a row that may miss a task before it counts as gone: one that was just submitted, or is requeued, may not stand
  /// in it for a moment.
  private static let patience = 2

  // MARK: The executor

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
    // An array's tasks are alike in cores and in the nodes that they keep from.
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
  /// By trial, the task that it was given to last.
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
    // Without it a later call gives running trials to the queue again, where their lock keeps them from running twice.
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

  /// Looks once at the queue and at what tasks have left.
  func look() async {
    var alive: Set<String>?
    for (name, entry) in entries where entry.end == nil {
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

  /// Tells the lines that a trial has added to its log.
  private func tell(_ name: String) {
    guard let entry = entries[name], let text = try? String(contentsOfFile: entry.job.name, encoding: .utf8)
    else { return }
    let lines = text.split(separator: "\n")
    for line in lines.dropFirst(entry.told) { entry.said(String(line)) }
    entries[name]?.told = lines.count
  }

  /// How a task ended. One that was told to end is Slurm's: preempted, it starts again under the same number.
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

  /// A task that is gone without an end of its own.
  private func lost(_ name: String, _ task: String) async {
    guard let entry = entries[name] else { return }
    // The end may have been written, or the trial finished, between the two looks.
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

  /// The last line of a trial's log: its message.
  private func lastWords(of job: TrialJob) -> String? {
    let text = try? String(contentsOfFile: job.name, encoding: .utf8)
    let line = text?.split(separator: "\n").last.map(String.init)
    return line.map { $0.hasPrefix("condense: ") ? String($0.dropFirst(10)) : $0 }
  }
}
