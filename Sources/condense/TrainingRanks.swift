import Foundation
import Training

#if MPI
  import MPI
  import Synchronization
#endif

/// The ranks of a training: this process alone, or those that `mpirun` or `srun` started.
enum TrainingRanks {
  /// The seconds for which a rank other than the first waits before it speaks.
  ///
  /// Most errors are found by all ranks; the first one tells them and ends all.
  private static let patience = 2.0

  /// Runs a training as a rank; the others end with this one if it fails.
  static func run(_ body: (any Ranks) throws -> Void) throws {
    #if MPI
      guard launched != nil else { return try body(SingleRank()) }
      let ranks = try failing(.internal) { try MPIRanks() }
      Console.isSilent.store(!ranks.isFirst, ordering: .relaxed)
      do {
        try body(ranks)
        ranks.finish()
      } catch let failure as CommandFailure where failure.isRequestedStop {
        // All ranks have agreed to stop.
        ranks.finish()
        throw failure
      } catch {
        let failure = error as? CommandFailure ?? CommandFailure(.internal, error)
        if !ranks.isFirst { Thread.sleep(forTimeInterval: patience) }
        Console.isSilent.store(false, ordering: .relaxed)
        Console.error(ranks.isFirst ? failure.message : "rank \(ranks.rank): \(failure.message)")
        ranks.abort(failure.status.rawValue)
        throw failure
      }
    #else
      if let count = launched, count > 1 {
        throw CommandFailure(
          .missing,
          "train: started as one of \(count) ranks, and this build has no MPI; build with `make mpi`, or start it alone"
        )
      }
      try body(SingleRank())
    #endif
  }

  /// The number of ranks that were started, by what Open MPI or Slurm's PMIx says; `nil` without them.
  private static var launched: Int? {
    let environment = ProcessInfo.processInfo.environment
    if let count = environment["OMPI_COMM_WORLD_SIZE"] { return Int(count) }
    guard environment["PMIX_RANK"] != nil else { return nil }
    return environment["SLURM_STEP_NUM_TASKS"].flatMap { Int($0) } ?? 1
  }
}

extension CommandFailure {
  /// True if the user asked the command to stop, and all is saved.
  fileprivate var isRequestedStop: Bool { status == .interrupted || status == .terminated }
}
