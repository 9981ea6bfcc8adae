import Graphs
import Testing

@testable import Training

extension Trainer {
  /// Trains to the end; throws if the training stopped before.
  func finished() throws -> Result {
    guard case .finished(let result) = try run() else { throw Unfinished() }
    return result
  }

  /// A training that stopped before its end, or went on where it was to stop.
  struct Unfinished: Error {}
}

/// A training that stops after some updates, another that goes on from its checkpoint, and one that was never stopped.
struct InterruptedTraining {
  /// The network of the training that was not stopped.
  let expected: Graph
  /// What the stopped training left.
  let checkpoint: Checkpoint
  /// The network of the training that went on.
  let resumed: Graph

  /// Stops and resumes trainings that `make` makes, with a store of checkpoints or without.
  init(stoppedAfter updates: Int, _ make: (CheckpointStore?) throws -> Trainer) throws {
    let folder = try TemporaryFolder()
    expected = try make(nil).finished().graph
    let killed = try make(CheckpointStore(directory: folder.path))
    guard case .stopped = try killed.run(shouldStop: { killed.progress.updates >= updates }) else {
      throw Trainer.Unfinished()
    }
    let store = CheckpointStore(directory: folder.path)
    checkpoint = try #require(try store.latest())
    let trainer = try make(store)
    try trainer.restore(checkpoint)
    resumed = try trainer.finished().graph
  }
}
