public import Datasets
public import Simulation

/// The options of a comparison, none of which changes a result.
public struct RunOptions: Sendable {
  /// The run's directory.
  public var directory: String
  /// The folder of the trials; `nil` for that in the run's directory.
  public var trials: String?
  /// The number of trials at a time; `nil` for as many as the cores allow.
  public var jobs: Int?
  /// The number of seeds, counted from 0, in place of the recipe's; `nil` for the recipe's.
  public var seeds: Int?
  /// Patterns of the students that are run and ranked, with all that they need; empty for all.
  public var only: [String]
  /// The time after which no trial may end: one that would end later is not started.
  public var timeLimit: Duration?
  /// The folders of network specifications.
  public var networks: [String]
  /// The folders of hardware profiles.
  public var targets: [String]
  /// The places of data and caches.
  public var datasets: DatasetOptions
  /// The program with the command `trial`.
  public var executable: String
  /// The cluster's queue that trials are submitted to; `nil` runs them as processes of this machine.
  public var slurm: SlurmProfile?
  /// The meter for readings on targets; `nil` for estimates alone.
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
