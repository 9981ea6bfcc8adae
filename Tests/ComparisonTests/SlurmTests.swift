import Execution
import Foundation
import Runs
import Settings
import Synchronization
import TestSupport
import Testing
import Trials

@testable import Comparison

@Suite("Trials on Slurm, against recorded answers")
struct SlurmTests {
  /// A stand-in for Slurm's programs, with answers that a test sets.
  ///
  /// A task ends with the files that its script would have left.
  private final class Recorded: SlurmQueue {
    struct State {
      var calls: [[String]] = []
      var scripts: [String] = []
      var job = 100
      /// The lines that `squeue` prints.
      var queue: [String] = []
      var sacct = ""
      var refusal: String?
    }

    let state = Mutex(State())
    /// The action at the submission of an array, with its number and script.
    let begin: @Sendable (Int, String, Recorded) -> Void

    init(begin: @Sendable @escaping (Int, String, Recorded) -> Void) { self.begin = begin }

    func run(_ program: String, _ arguments: [String]) async -> Result<String, SlurmFailure> {
      state.withLock { $0.calls.append([program] + arguments) }
      switch program {
      case "sbatch":
        if let refusal = state.withLock({ $0.refusal }) {
          return .failure(SlurmFailure(description: "sbatch: " + refusal))
        }
        let script = (try? String(contentsOfFile: arguments.last ?? "", encoding: .utf8)) ?? ""
        let job = state.withLock { state in
          state.job += 1
          state.scripts.append(script)
          return state.job
        }
        begin(job, script, self)
        return .success("\(job);cluster\n")
      case "squeue": return .success(state.withLock { $0.queue.joined(separator: "\n") + "\n" })
      case "sacct": return .success(state.withLock { $0.sacct })
      default: return .success("")
      }
    }

    func calls(of program: String) -> [[String]] { state.withLock { $0.calls.filter { $0[0] == program } } }
    func set(queue: [String]) { state.withLock { $0.queue = queue } }
  }

  /// A folder for the jobs of a run, which is removed with the test.
  private final class Place {
    let path = FileManager.default.temporaryDirectory.appending(path: "condense-slurm-" + UUID().uuidString)
      .standardizedFileURL.path

    init() throws {
      try FileManager.default.createDirectory(atPath: path + "/slurm/ends", withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    func job(_ name: String, threads: Int = 1) throws -> TrialJob {
      let spec = TrialSpec(
        name: name, role: .student, seed: 0, data: "d", dataDigest: "d", validationFraction: 0.1,
        start: .teacher, stages: [],
        threads: threads, precision: .f32, instructionSet: "AVX2")
      let job = TrialJob(
        spec: spec, directory: "\(path)/trials/\(name)", filling: "\(path)/trials/.partial-\(name)",
        log: "log.txt")
      try FileManager.default.createDirectory(atPath: job.filling, withIntermediateDirectories: true)
      return job
    }

    func jobs(_ queue: Recorded, _ profile: SlurmProfile = quick) -> SlurmJobs {
      SlurmJobs(
        profile, folder: path + "/slurm", executable: "/opt/condense", sources: ["/data"], queue: queue)
    }

    func end(_ task: String, _ text: String) throws {
      try Data(text.utf8).write(to: URL(filePath: "\(path)/slurm/ends/\(task)"))
    }
  }

  private static var quick: SlurmProfile {
    var profile = SlurmProfile()
    profile.pollSeconds = 0.1
    return profile
  }

  @Test(
    "Trials of a moment are one array, whose script says what the profile says and quotes what is named oddly"
  )
  func arrays() async throws {
    let place = try Place()
    var profile = Self.quick
    (profile.partition, profile.account, profile.time, profile.memoryMB) = ("cpu", "lab", "4:00:00", 4_000)
    (profile.directives, profile.modules) = (["--qos=low"], ["module load gcc"])
    let ends = place.path + "/slurm/ends"
    let queue = Recorded { job, _, _ in
      for task in 1...3 { try? Data("0 n1\n".utf8).write(to: URL(filePath: "\(ends)/\(job)_\(task)")) }
    }
    let jobs = place.jobs(queue, profile)
    let all = try ["a", "it's b", "c"].map { try place.job($0, threads: 2) }
    for job in all { await jobs.submit(job) { _ in } }
    for job in all { #expect(await jobs.end(of: job) == .done) }
    #expect(queue.calls(of: "sbatch").count == 1 && queue.calls(of: "squeue").isEmpty)
    let script = try #require(queue.state.withLock { $0.scripts.first })
    let directives = script.split(separator: "\n").filter { $0.hasPrefix("#SBATCH ") }.map {
      String($0.dropFirst(8))
    }
    #expect(
      directives == [
        "--job-name=condense", "--array=1-3", "--ntasks=1", "--cpus-per-task=2", "--requeue",
        "--open-mode=append",
        "--output=/dev/null", "--partition=cpu", "--account=lab", "--time=4:00:00", "--mem=4000M",
        "--qos=low",
      ])
    #expect(script.contains("\nmodule load gcc\n") && script.contains("export CONDENSE_DATA='/data'\n"))
    let list = try #require(script.firstMatch(of: /sed -n "\${SLURM_ARRAY_TASK_ID}p" '([^']*)'/)).1
    let lines = try String(contentsOfFile: String(list), encoding: .utf8).split(separator: "\n")
    #expect(
      lines.map { $0.split(separator: "\t").map(String.init) }
        == all.map { [$0.filling, $0.directory, "log.txt"] })
    #expect(queue.calls(of: "sbatch")[0].dropFirst().first == "--parsable")
  }

  @Test("The script runs the trial of its line, leaves its exit code and its node, and hands a signal on")
  func script() throws {
    let place = try Place()
    let job = try place.job("it's b")
    let program = place.path + "/program"
    try Data(
      """
      #!/bin/bash
      echo "$@"
      echo "data $CONDENSE_DATA"
      trap 'echo told; exit 143' TERM
      [ -e "\(place.path)/wait" ] && { touch "\(place.path)/begun"; for i in $(seq 200); do sleep 0.05; done; }
      exit 7
      """.utf8
    ).write(to: URL(filePath: program))
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
    let list = place.path + "/slurm/list"
    try Data("other\tother\tlog\n\(job.filling)\t\(job.directory)\tlog.txt\n".utf8).write(
      to: URL(filePath: list))
    let script = SlurmScript(
      profile: SlurmProfile(), executable: program, sources: ["/a b", "/c"], threads: 1, count: 2, list: list,
      ends: place.path + "/slurm/ends")
    try Data(script.text.utf8).write(to: URL(filePath: place.path + "/script.sh"))
    func start() throws -> Process {
      let process = Process()
      // The threads of a test runner may block signals, and a child process would inherit this.
      process.executableURL = URL(filePath: "/usr/bin/python3")
      process.arguments = [
        "-c",
        "import os, signal, sys; signal.pthread_sigmask(signal.SIG_SETMASK, []); os.execv('/bin/bash', ['bash', sys.argv[1]])",
        place.path + "/script.sh",
      ]
      process.environment = [
        "PATH": "/usr/bin:/bin", "SLURM_ARRAY_TASK_ID": "2", "SLURM_ARRAY_JOB_ID": "55",
        "SLURMD_NODENAME": "n2",
      ]
      try process.run()
      return process
    }
    let first = try start()
    first.waitUntilExit()
    #expect(first.terminationStatus == 7)
    let end = place.path + "/slurm/ends/55_2"
    #expect(try String(contentsOfFile: end, encoding: .utf8) == "7 n2\n")
    #expect(
      try String(contentsOfFile: job.name, encoding: .utf8)
        == "trial \(job.filling)/spec.json --out \(job.directory) --detached\ndata /a b:/c\n")
    _ = FileManager.default.createFile(atPath: place.path + "/wait", contents: nil)
    let second = try start()
    while !FileManager.default.fileExists(atPath: place.path + "/begun") { usleep(10_000) }
    #expect(!FileManager.default.fileExists(atPath: end))
    kill(second.processIdentifier, SIGTERM)
    second.waitUntilExit()
    #expect(second.terminationStatus == 143)
    #expect(try String(contentsOfFile: end, encoding: .utf8) == "143 n2\n")
  }

  @Test("A trial that waits, runs and is requeued is waited for; its lines are told once")
  func states() async throws {
    let place = try Place()
    let queue = Recorded { job, _, queue in queue.set(queue: ["\(job)_[1%5] PENDING"]) }
    let jobs = place.jobs(queue)
    let job = try place.job("a")
    let heard = Mutex<[String]>([])
    await jobs.submit(job) { line in heard.withLock { $0.append(line) } }
    for state in ["CONFIGURING", "RUNNING", "COMPLETING", "PREEMPTED", "PENDING", "RUNNING"] {
      try await Task.sleep(for: .milliseconds(250))
      queue.set(queue: ["101_1 \(state)", "99_1 RUNNING"])
      if state == "PREEMPTED" { try place.end("101_1", "143 n1\n") }
      if state == "RUNNING" {
        try Data("epoch 1/2: loss 1\n".utf8).write(to: URL(filePath: job.name), options: .atomic)
      }
    }
    try await Task.sleep(for: .milliseconds(250))
    try place.end("101_1", "0 n1\n")
    #expect(await jobs.end(of: job) == .done)
    #expect(queue.calls(of: "sbatch").count == 1)
    #expect(heard.withLock { $0.filter { $0.hasPrefix("epoch") } } == ["epoch 1/2: loss 1"])
  }

  @Test("A trial whose job is lost is given to the queue again, not for ever; what it says itself is its end")
  func losses() async throws {
    let place = try Place()
    var profile = Self.quick
    profile.retries = 2
    let queue = Recorded { _, _, queue in queue.set(queue: ["7_1 RUNNING"]) }
    queue.state.withLock { $0.sacct = "NODE_FAIL\nCANCELLED by 0\n" }
    let jobs = place.jobs(queue, profile)
    let lost = try place.job("lost")
    await jobs.submit(lost) { _ in }
    let end = await jobs.end(of: lost)
    #expect(end == .failed("its job 103_1 was lost 3 times, last as CANCELLED"))
    #expect(queue.calls(of: "sbatch").count == 3)

    let failing = try place.job("failing")
    try Data("epoch 1\ncondense: the loss is no number\n".utf8).write(to: URL(filePath: failing.name))
    try place.end("104_1", "65 n1\n")
    await jobs.submit(failing) { _ in }
    #expect(await jobs.end(of: failing) == .failed("the loss is no number"))

    queue.state.withLock { $0.refusal = "error: invalid partition specified: cpu" }
    let refused = try place.job("refused")
    await jobs.submit(refused) { _ in }
    #expect(await jobs.end(of: refused) == .failed("sbatch: error: invalid partition specified: cpu"))
  }

  @Test("A trial that a node refuses for its instruction set is sent to another one")
  func instructionSets() async throws {
    let place = try Place()
    let path = place.path
    let queue = Recorded { job, script, _ in
      let refuses = !script.contains("--exclude=n1,n2\n")
      let node = script.contains("--exclude=n1") ? "n2" : "n1"
      try? Data((refuses ? "69 \(node)\n" : "0 n3\n").utf8).write(
        to: URL(filePath: "\(path)/slurm/ends/\(job)_1"))
    }
    let jobs = place.jobs(queue)
    let job = try place.job("a")
    try Data("condense: the trial is of instruction set AVX2, found AVX\n".utf8).write(
      to: URL(filePath: job.name))
    await jobs.submit(job) { _ in }
    #expect(await jobs.end(of: job) == .done)
    #expect(queue.calls(of: "sbatch").count == 3)
  }

  @Test(
    "A comparison that is called again finds its jobs; Ctrl-C leaves them, or ends them where that is asked for"
  )
  func again() async throws {
    let place = try Place()
    let queue = Recorded { job, _, queue in queue.set(queue: ["\(job)_1 RUNNING"]) }
    let job = try place.job("a")
    let first = place.jobs(queue)
    await first.submit(job) { _ in }
    try await Task.sleep(for: .milliseconds(600))
    await first.cancel(job)
    #expect(await first.end(of: job) == .stopped)
    #expect(queue.calls(of: "scancel").isEmpty)
    var profile = Self.quick
    profile.cancelOnStop = true
    let second = place.jobs(queue, profile)
    await second.submit(job) { _ in }
    try await Task.sleep(for: .milliseconds(600))
    #expect(queue.calls(of: "sbatch").count == 1)
    await second.cancel(job)
    #expect(await second.end(of: job) == .stopped)
    #expect(queue.calls(of: "scancel") == [["scancel", "101_1"]])
    let third = place.jobs(queue)
    try place.end("102_1", "0 n1\n")
    await third.submit(job) { _ in }
    #expect(await third.end(of: job) == .done)
    #expect(queue.calls(of: "sbatch").count == 2)
  }

  @Test("Answers of Slurm's programs are read as they are written")
  func answers() {
    #expect(SlurmAnswers.job("123\n") == "123" && SlurmAnswers.job("sbatch: note\n77;cluster\n") == "77")
    #expect(SlurmAnswers.job("") == nil && SlurmAnswers.job("Submitted batch job 5") == nil)
    #expect(
      SlurmAnswers.alive(
        "12_3 RUNNING\n12_[5-7,9%2] PENDING\n13 COMPLETED\n14_1 NODE_FAIL\n15_2 REQUEUED\nodd\n12_[x] PENDING\n"
      )
        == ["12_3", "12_5", "12_6", "12_7", "12_9", "15_2"])
    #expect(
      SlurmAnswers.state("FAILED\nCANCELLED by 1000\n") == "CANCELLED" && SlurmAnswers.state("\n") == nil)
  }

  @Test("A profile is read from YAML; what would become another line or option of the script is refused")
  func profile() throws {
    let text =
      "partition: cpu\ntime: 4:00:00\nmemoryMB: 4000\ncores: 2\narraySize: 10\ndirectives: [--qos=low]\nmodules: [module load x]\n"
    let profile = try SlurmProfile(
      from: SettingsNode(yaml: text, source: "p.yaml"), owner: "a profile of Slurm")
    #expect(profile.partition == "cpu" && profile.cores == 2 && profile.modules == ["module load x"])
    for (yaml, words) in [
      ("partition: 'a b'", "a word without spaces"), ("directives: [qos]", "begins with -"),
      ("directives: [\"--a\\n#SBATCH --b\"]", "each of one line"), ("nodes: 3", "nodes"),
      ("arraySize: 0", "1...100000"),
    ] {
      let message = errorMessage {
        _ = try SlurmProfile(from: SettingsNode(yaml: yaml, source: "p.yaml"), owner: "a profile of Slurm")
      }
      #expect(message.contains("p.yaml") && message.contains(words), "\(message)")
    }
  }

  @Test("Jobs and hours of nodes follow from the seconds of trials, and time limits are read as sbatch does")
  func estimate() {
    var profile = SlurmProfile()
    let plain = SlurmEstimate(profile, threads: 2, jobs: 3, seconds: [3600, 1800, 1800], longest: 3600)
    #expect(plain.coreHours == 4 && plain.nodeHours == 2 && plain.jobsPerNode == 1 && plain.limit == nil)
    profile.cores = 3
    profile.nodeCores = 8
    profile.time = "1-02:30"
    let full = SlurmEstimate(profile, threads: 2, jobs: 3, seconds: [3600, 1800, 1800], longest: 3600)
    #expect(full.cores == 3 && full.jobsPerNode == 2 && full.coreHours == 6 && full.nodeHours == 1)
    #expect(full.limit == 95_400)
    profile.nodeCores = 2
    #expect(SlurmEstimate(profile, threads: 2, jobs: 1, seconds: [60], longest: 60).jobsPerNode == 1)
    for (text, seconds) in [
      ("90", 5400.0), ("2:30", 150), ("4:00:00", 14_400), ("1-0", 86_400), ("2-01:02:03", 176_523),
    ] { #expect(SlurmEstimate.seconds(text) == seconds) }
    for text in ["", "4h", "1:2:3:4", "-1", "1-", "1-2-3", "a:b"] {
      #expect(SlurmEstimate.seconds(text) == nil, "\(text)")
    }
  }
}
