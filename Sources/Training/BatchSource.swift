public import Datasets

/// Where batches come from, epoch by epoch: the loader of a data set.
///
/// What it yields depends on (epoch, step) alone, so that a training goes on from any step.
public protocol BatchSource: AnyObject {
  /// Batches an epoch.
  var stepsPerEpoch: Int { get }
  /// Images it draws from.
  var count: Int { get }
  /// Starts an epoch, at a later step when training goes on from a checkpoint.
  func startEpoch(_ epoch: Int, fromStep: Int)
  /// The next batch, or `nil` at the end of the epoch; the one before goes back to be filled again.
  func next() throws(DatasetError) -> Batch?
}

extension Loader: BatchSource {}
