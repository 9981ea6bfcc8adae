/// What a loader is to yield, and how.
public struct LoaderOptions: Sendable {
  /// Which images; `nil` for all of them.
  public var split: Split?
  /// Images a batch.
  public var batch: Int
  /// The seed of order and augmentation.
  public var seed: UInt64
  /// Whether every epoch has an order of its own; else the order of the index.
  public var shuffle: Bool
  /// Applied in order to every image.
  public var augmentations: [any Augmentation]
  /// What the network takes; images of another size or number of channels are converted.
  public var input: InputShape
  /// What is subtracted and divided by.
  public var normalization: Normalization
  /// Whether a last batch that is not full is left out.
  public var dropLast: Bool
  /// Threads that prepare batches ahead; 0 prepares each batch when it is asked for.
  public var threads: Int

  /// Options for reading a split once, in order, without augmentation.
  public init(
    split: Split?, batch: Int = 128, seed: UInt64 = 0, shuffle: Bool = false,
    augmentations: [any Augmentation] = [], input: InputShape, normalization: Normalization,
    dropLast: Bool = false, threads: Int = 1
  ) {
    self.split = split
    self.batch = batch
    self.seed = seed
    self.shuffle = shuffle
    self.augmentations = augmentations
    self.input = input
    self.normalization = normalization
    self.dropLast = dropLast
    self.threads = threads
  }
}
