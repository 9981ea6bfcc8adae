/// The jobs and the hours of a cluster that the trials of a comparison take.
///
/// **Formula** core-hours: `Σ seconds · cores / 3600`; node-hours: core-hours divided by the trials' cores on one
/// node, so `Σ seconds / ⌊nodeCores / cores⌋ / 3600`.
public struct SlurmEstimate: Sendable, Equatable {
  /// The number of jobs: tasks of arrays, one for each trial that is not done.
  public let jobs: Int
  /// The cores of each job.
  public let cores: Int
  /// The number of jobs that one node runs at a time.
  public let jobsPerNode: Int
  /// The hours of cores that all jobs take.
  public let coreHours: Double
  /// The hours of nodes that all jobs take if every node is full.
  public let nodeHours: Double
  /// The seconds of the longest trial.
  public let longest: Double
  /// The time limit of a trial in seconds; `nil` for the cluster's own, and for one that is not understood.
  public let limit: Double?

  /// Makes the estimate for trials left.
  ///
  /// `seconds` holds the seconds of each planned trial; a search counts as one with those of all its tries.
  public init(
    _ profile: SlurmProfile, threads: Int, jobs: Int, seconds: [Double], longest: Double
  ) {
    let cores = profile.cores ?? threads
    let jobsPerNode = profile.nodeCores.map { max(1, $0 / cores) } ?? 1
    let hours = seconds.reduce(0, +) / 3600
    self.jobs = jobs
    self.cores = cores
    self.jobsPerNode = jobsPerNode
    coreHours = hours * Double(cores)
    nodeHours = hours / Double(jobsPerNode)
    self.longest = longest
    limit = profile.time.flatMap(Self.seconds)
  }

  /// Reads a time limit as `sbatch` does: minutes, `M:S`, `H:M:S`, `D-H`, `D-H:M` or `D-H:M:S`.
  static func seconds(_ text: String) -> Double? {
    let days = text.split(separator: "-", omittingEmptySubsequences: false)
    guard days.count <= 2, let clock = days.last else { return nil }
    let parts = clock.split(separator: ":", omittingEmptySubsequences: false).map {
      UInt32($0).map(Double.init)
    }
    let values = parts.compactMap { $0 }
    guard values.count == parts.count, (1...3).contains(values.count) else { return nil }
    if days.count == 2 {
      guard let day = UInt32(days[0]) else { return nil }
      return 86_400 * Double(day) + zip(values, [3600, 60, 1]).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let units: [Double] = [[60], [60, 1], [3600, 60, 1]][values.count - 1]
    return zip(values, units).reduce(0) { $0 + $1.0 * $1.1 }
  }
}
