public import Datasets
public import Settings

/// A source of batches, epoch by epoch: the loader of a data set.
///
/// The batches depend on (epoch, step) alone, so that a training can go on from any step.
public protocol BatchSource: AnyObject {
  /// Batches in an epoch.
  var stepsPerEpoch: Int { get }
  /// Images from which it draws.
  var count: Int { get }
  /// Everything that decides the batches besides (epoch, step), as a mapping.
  ///
  /// Two sources of equal streams yield the same bytes.
  var stream: SettingsNode { get }
  /// Starts an epoch, at a later step if a training goes on from a checkpoint.
  func startEpoch(_ epoch: Int, fromStep: Int)
  /// The next batch, or `nil` at the end of the epoch; the memory of the one before is filled again.
  func next() throws(DatasetError) -> Batch?
}

extension Loader: BatchSource {
  /// Data and splits, seed, order, augmentations, size and normalization.
  ///
  /// Loader threads are left out because they change nothing.
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
