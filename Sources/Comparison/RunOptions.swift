public import Datasets
public import Simulation

/// How a comparison is run: nothing here changes a result.
public struct RunOptions: Sendable {
  /// The run's directory.
  public var directory: String
  /// Where the trials lie; `nil` for the run's own folder.
  public var trials: String?
  /// Trials at a time; `nil` for as many as the cores allow.
  public var jobs: Int?
  /// Seeds instead of the recipe's: 0 up to this.
  public var seeds: Int?
  /// Patterns of the students that are run and ranked, with what they need; none for all.
  public var only: [String]
  /// After which time no trial is started that would end later.
  public var timeLimit: Duration?
  /// Folders of network specs.
  public var networks: [String]
  /// Folders of hardware profiles.
  public var targets: [String]
  /// Where data and caches lie.
  public var datasets: DatasetOptions
  /// The program that knows `trial`.
  public var executable: String
  /// The cluster's queue that trials are given to; `nil` runs them as processes of this machine.
  public var slurm: SlurmProfile?
  /// What trials are read with on targets; `nil` for estimates alone.
  public var meter: TargetMeter?

  /// Makes options.
  public init(
    directory: String, trials: String? = nil, jobs: Int? = nil, seeds: Int? = nil, only: [String] = [],
    timeLimit: Duration? = nil, networks: [String], targets: [String], datasets: DatasetOptions,
    executable: String,
    slurm: SlurmProfile? = nil, meter: TargetMeter? = nil
  ) {
    self.directory = directory
    self.trials = trials
    self.jobs = jobs
    self.seeds = seeds
    self.only = only
    self.timeLimit = timeLimit
    self.networks = networks
    self.targets = targets
    self.datasets = datasets
    self.executable = executable
    self.slurm = slurm
    self.meter = meter
  }
}
