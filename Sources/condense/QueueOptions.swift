import ArgumentParser
import Comparison
import Settings

/// The options that say who runs the trials of a comparison.
struct QueueOptions: ParsableArguments {
  @Option(help: "Who runs the trials: local, processes of this machine, or slurm, the jobs of a cluster.")
  var executor = Executor.local

  @Option(
    help:
      "With --executor slurm: a YAML file of how its queue is asked (partition, account, time, memoryMB, …).")
  var profile: String?

  enum Executor: String, CaseIterable, ExpressibleByArgument { case local, slurm }

  func validate() throws {
    if profile != nil, executor != .slurm {
      throw ValidationError("--profile is of --executor slurm; give both, or leave it out")
    }
  }

  /// The commands of the cluster's queue, if trials run there.
  func slurm() throws -> SlurmProfile? {
    guard executor == .slurm else { return nil }
    guard let profile else { return SlurmProfile() }
    return try failing(.badInput) {
      try SlurmProfile(from: SettingsNode(contentsOf: profile), owner: "a profile of Slurm")
    }
  }
}
