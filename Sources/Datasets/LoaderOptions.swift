/// The options of a loader.
public struct LoaderOptions: Sendable {
  /// The split to load; `nil` for all images.
  public var split: Split?
  /// The number of images per batch.
  public var batch: Int
  /// The seed of the order and of augmentation.
  public var seed: UInt64
  /// True to shuffle the images anew in every epoch; false for the order of `Dataset.records`.
  public var shuffle: Bool
  /// The augmentations, applied in order to every image.
  public var augmentations: [any Augmentation]
  /// The network's input; images of another size or another number of channels are converted.
  public var input: InputShape
  /// The normalization of pixels.
  public var normalization: Normalization
  /// True to skip a last batch that is not full.
  public var dropLast: Bool
  /// The places of a batch whose images are read; `nil` for all.
  ///
  /// A rank that trains on a part of each batch needs no other pixels. Those places hold old pixels.
  public var part: Range<Int>?
  /// The batches whose images are read, by their number modulo `count`; `nil` for all.
  ///
  /// Ranks that take turns with batches need no other pixels. Annotations are those of all batches.
  public var turn: (number: Int, count: Int)?
  /// The number of threads that prepare batches ahead; 0 prepares each batch when it is asked for.
  public var threads: Int

  /// Makes options; by default a split is read in order, without augmentation, in batches of 128 with one
  /// thread.
  public init(
    split: Split?, batch: Int = 128, seed: UInt64 = 0, shuffle: Bool = false,
    augmentations: [any Augmentation] = [], input: InputShape, normalization: Normalization,
    dropLast: Bool = false, part: Range<Int>? = nil,
    turn: (number: Int, count: Int)? = nil, threads: Int = 1
  ) {
    self.split = split
    self.batch = batch
    self.seed = seed
    self.shuffle = shuffle
    self.augmentations = augmentations
    self.input = input
    self.normalization = normalization
    self.dropLast = dropLast
    self.part = part
    self.turn = turn
    self.threads = threads
  }
}
