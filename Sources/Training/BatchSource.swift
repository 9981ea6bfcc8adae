public import Datasets
public import Settings

/// Where batches come from, epoch by epoch: the loader of a data set.
///
/// What it yields depends on (epoch, step) alone, so that a training goes on from any step.
public protocol BatchSource: AnyObject {
  /// Batches an epoch.
  var stepsPerEpoch: Int { get }
  /// Images it draws from.
  var count: Int { get }
  /// What decides the batches besides (epoch, step), as a mapping: two sources of one stream yield the same bytes.
  var stream: SettingsNode { get }
  /// Starts an epoch, at a later step when training goes on from a checkpoint.
  func startEpoch(_ epoch: Int, fromStep: Int)
  /// The next batch, or `nil` at the end of the epoch; the one before goes back to be filled again.
  func next() throws(DatasetError) -> Batch?
}

extension Loader: BatchSource {
  /// Data and splits, seed, order, augmentations, size and normalization; not the threads, which change nothing.
  public var stream: SettingsNode {
    SettingsNode(mapping: [
      "data": splitDescription.node, "split": (options.split?.rawValue).node,
      "seed": SeedSetting(options.seed).node,
      "batch": options.batch.node, "shuffle": options.shuffle.node,
      "augmentations": AugmentationCatalogue.write(options.augmentations),
      "input": options.input.description.node, "mean": options.normalization.mean.node,
      "deviation": options.normalization.deviation.node, "dropLast": options.dropLast.node,
    ])
  }
}
