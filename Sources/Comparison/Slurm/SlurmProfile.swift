public import Settings

/// The settings of a cluster's queue for trials: a YAML file.
///
///     partition: cpu
///     time: 4h
///     memoryMB: 4000
///     modules: ["module load gcc"]
///
/// The nodes need only the program and the run's directory, under the same paths as here.
public struct SlurmProfile: Configurable, Sendable, Equatable {
  /// The partition of jobs; `nil` takes the cluster's default.
  public var partition: String?
  /// The account of jobs; `nil` takes the user's default.
  public var account: String?
  /// The time limit of one trial in Slurm's syntax: minutes, `HH:MM:SS` or `D-HH`.
  public var time: String?
  /// The memory of one trial in MB.
  public var memoryMB: Int?
  /// The cores of one trial; `nil` for its number of threads.
  public var cores: Int?
  /// The cores of a node, for the node-hours of `plan`; `nil` counts a node for each trial.
  public var nodeCores: Int?
  /// The largest number of trials in one array.
  public var arraySize = 500
  /// The largest number of trials that wait and run at a time.
  public var jobs = 1_000
  /// The number of times that a trial whose node or job was lost is submitted again.
  public var retries = 3
  /// True if Ctrl-C ends the jobs too; else they continue, and a later call finds them.
  public var cancelOnStop = false
  /// The seconds between two looks at the queue.
  public var pollSeconds = 5.0
  /// Further directives without `#SBATCH`, such as `--qos=low`.
  public var directives: [String] = []
  /// Lines of shell before the trial, such as `module load gcc`.
  public var modules: [String] = []

  /// Makes a profile with the default settings.
  public init() {}

  /// Settings: `partition`, `account`, `time`, `memoryMB`, `cores`, `nodeCores`, `arraySize`, `jobs`,
  /// `retries`, `cancelOnStop`, `pollSeconds`, `directives`, `modules`.
  public static var settings: [Setting<SlurmProfile>] {
    [
      word("partition", \.partition, "partition of the jobs"),
      word("account", \.account, "account of the jobs"),
      word("time", \.time, "time limit of a trial, in sbatch's format"),
      Setting("memoryMB", \.memoryMB, in: 1...100_000_000, "memory of a trial, in MB"),
      Setting("cores", \.cores, in: 1...1024, "cores of a trial; null takes the number of its threads"),
      Setting(
        "nodeCores", \.nodeCores, in: 1...4096,
        "cores of a node, for the node-hours of plan; null counts a node for each trial"),
      Setting("arraySize", \.arraySize, in: 1...100_000, "largest number of trials in one array"),
      Setting("jobs", \.jobs, in: 1...100_000, "largest number of trials that wait or run at a time"),
      Setting("retries", \.retries, in: 0...100, "number of times that a lost trial is submitted again"),
      Setting("cancelOnStop", \.cancelOnStop, "true ends the jobs on Ctrl-C too"),
      Setting("pollSeconds", \.pollSeconds, in: 0.1...3_600, "seconds between two looks at the queue"),
      Setting(
        "directives", \.directives,
        expected: "a list of options of sbatch, each of one line that begins with -",
        "further options of sbatch"
      ) { $0.allSatisfy { $0.hasPrefix("-") && !$0.contains(where: \.isNewline) } },
      Setting(
        "modules", \.modules, expected: "a list of lines of shell", "shell lines that run before the trial"
      ) { $0.allSatisfy { !$0.contains(where: \.isNewline) } },
    ]
  }

  private static func word(
    _ name: String, _ path: WritableKeyPath<SlurmProfile, String?>, _ summary: String
  ) -> Setting<SlurmProfile> {
    Setting(name, path, expected: "a word without spaces", summary) { value in
      value.map { !$0.isEmpty && !$0.contains(where: \.isWhitespace) } ?? true
    }
  }
}
