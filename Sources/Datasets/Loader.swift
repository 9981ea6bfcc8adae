import Foundation
import Tensors

/// Yields the batches of a split, epoch by epoch, prepared ahead while the present one is used.
///
///     let loader = try Loader(dataset, LoaderOptions(split: .train, shuffle: true, input: input, normalization: n))
///     loader.startEpoch(0)
///     while let batch = try loader.next() { step(batch.images, batch.annotations, batch.count) }
///
/// Order and augmentation derive from (seed, epoch, index): any number of threads and any `fromStep` give the same
/// bytes. At most two batches are held ahead, and a warm step allocates nothing for images of one class each. It is used from one thread.
public final class Loader {
  /// How many images the split has.
  public let count: Int
  /// What was asked for.
  public let options: LoaderOptions
  /// How the data set came by its splits, with its digest.
  public let splitDescription: SplitDescription
  /// Batches an epoch.
  public var stepsPerEpoch: Int {
    options.dropLast ? count / options.batch : (count + options.batch - 1) / options.batch
  }

  private let indices: [Int]
  private let prefetcher: Prefetcher
  private let writer: BatchWriter
  private var nextStep = 0

  /// A loader over a split, which must not be empty.
  public init(_ dataset: Dataset, _ options: LoaderOptions) throws(DatasetError) {
    precondition(options.batch > 0 && options.input.count > 0, "batches and images have a size")
    indices = dataset.indices(of: options.split)
    guard !indices.isEmpty else {
      throw .emptySplit(
        path: dataset.path, split: options.split ?? .train,
        available: Split.allCases.filter { dataset.count(of: $0) > 0 })
    }
    count = indices.count
    self.options = options
    splitDescription = dataset.splitDescription
    writer = BatchWriter(dataset, options)
    prefetcher = Prefetcher(threads: max(0, options.threads), options: options) {
      BatchWriter(dataset, options)
    }
  }

  deinit { prefetcher.stop() }

  /// Starts an epoch, at a later step when training goes on from a checkpoint.
  public func startEpoch(_ epoch: Int, fromStep: Int = 0) {
    var order = indices
    if options.shuffle {
      var random = SeededRandom(seed: options.seed, purpose: "order", epoch)
      let permutation = random.permutation(indices.count)
      for i in 0..<order.count { order[i] = indices[permutation[i]] }
    }
    nextStep = fromStep
    prefetcher.start(
      Prefetcher.Epoch(order: order, number: epoch, steps: stepsPerEpoch, batch: options.batch),
      from: fromStep)
  }

  /// The next batch, or `nil` at the end of the epoch; the one before goes back to be filled again.
  public func next() throws(DatasetError) -> Batch? {
    guard nextStep < stepsPerEpoch else {
      prefetcher.recycle()
      return nil
    }
    defer { nextStep += 1 }
    return options.threads > 0
      ? try prefetcher.take(nextStep) : try prefetcher.prepare(nextStep, with: writer)
  }
}
