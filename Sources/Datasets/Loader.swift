import Foundation
import Tensors

/// A loader of the batches of a split, epoch by epoch, which prepares batches ahead of their use.
///
///     let loader = try Loader(dataset, LoaderOptions(split: .train, shuffle: true, input: input, normalization: n))
///     loader.startEpoch(0)
///     while let batch = try loader.next() { step(batch.images, batch.annotations, batch.count) }
///
/// The order and the augmentations depend on (seed, epoch, index) alone: any number of threads and any
/// `fromStep` give the same bytes. At most two batches are prepared ahead. After the first steps nothing is
/// allocated, unless images have boxes. A loader is used from one thread.
public final class Loader {
  /// The number of images in the split.
  public let count: Int
  /// The options that the loader was made with.
  public let options: LoaderOptions
  /// The origin of the data set's splits, with its digest.
  public let splitDescription: SplitDescription
  /// The number of batches per epoch.
  public var stepsPerEpoch: Int {
    options.dropLast ? count / options.batch : (count + options.batch - 1) / options.batch
  }

  private let indices: [Int]
  private let prefetcher: Prefetcher
  private let writer: BatchWriter
  private var nextStep = 0

  /// Makes a loader of a split; throws if the split is empty.
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

  /// Starts an epoch, at a later step when training continues from a checkpoint.
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

  /// Returns the next batch, or `nil` at the end of the epoch; the previous batch is reused.
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

// SAFETY: every mutable property is read and written only while `condition` is locked, except in `prepare`,
// which runs only when there are no threads. A batch outside the free and ready lists belongs to the one
// thread that took it.

/// Threads that prepare the batches of an epoch, at most two beyond the one in use.
///
/// Every thread prepares whole batches, in order of their steps. The consumer receives them in that order.
final class Prefetcher: @unchecked Sendable {
  /// The work of one epoch.
  struct Epoch {
    let order: [Int]
    let number: Int
    let steps: Int
    let batch: Int

    func indices(of step: Int) -> ArraySlice<Int> {
      order[min(order.count, step * batch)..<min(order.count, (step + 1) * batch)]
    }
  }

  private let condition = NSCondition()
  private var epoch = Epoch(order: [], number: 0, steps: 0, batch: 1)
  /// The number of calls of `start`.
  ///
  /// A batch that was prepared for an abandoned epoch is recognized by it and dropped.
  private var generation = 0
  private var nextStep = 0
  private var consumed = 0
  private var free: [Batch] = []
  private var ready: [Batch] = []
  private var inUse: Batch?
  private var failure: (step: Int, error: DatasetError)?
  private var isStopped = false
  private let ahead: Int

  init(threads: Int, options: LoaderOptions, makeWriter: @escaping @Sendable () -> BatchWriter) {
    ahead = 2
    for _ in 0..<(threads == 0 ? 1 : ahead + 1 + threads) {
      free.append(Batch(capacity: options.batch, valuesPerImage: options.input.count))
    }
    ready.reserveCapacity(free.count)
    for number in 0..<threads {
      let thread = Thread { [weak self] in
        let writer = makeWriter()
        while let self, self.prepareNext(with: writer) {}
      }
      thread.name = "condense loader \(number)"
      thread.start()
    }
  }

  /// Abandons the current epoch and starts another.
  func start(_ epoch: Epoch, from step: Int) {
    condition.lock()
    defer { condition.unlock() }
    recycleLocked()
    free.append(contentsOf: ready)
    ready.removeAll(keepingCapacity: true)
    generation += 1
    self.epoch = epoch
    nextStep = step
    consumed = step
    failure = nil
    condition.broadcast()
  }

  /// Takes back the batch in use.
  func recycle() {
    condition.lock()
    recycleLocked()
    condition.unlock()
  }

  private func recycleLocked() {
    if let batch = inUse { free.append(batch) }
    inUse = nil
  }

  /// Waits for the batch of a step and returns it; throws if its preparation failed.
  func take(_ step: Int) throws(DatasetError) -> Batch {
    condition.lock()
    defer { condition.unlock() }
    recycleLocked()
    consumed = step
    condition.broadcast()
    while true {
      if let position = ready.firstIndex(where: { $0.step == step }) {
        let batch = ready.remove(at: position)
        inUse = batch
        return batch
      }
      if let failure, failure.step == step { throw failure.error }
      condition.wait()
    }
  }

  /// Prepares a batch on the calling thread.
  func prepare(_ step: Int, with writer: BatchWriter) throws(DatasetError) -> Batch? {
    recycle()
    guard let batch = free.popLast() else { return nil }
    inUse = batch
    try writer.fill(batch, indices: epoch.indices(of: step), epoch: epoch.number, step: step)
    return batch
  }

  /// Ends the threads, each after its current batch.
  func stop() {
    condition.lock()
    isStopped = true
    condition.broadcast()
    condition.unlock()
  }

  /// Prepares one batch; returns false if the threads are to end.
  private func prepareNext(with writer: BatchWriter) -> Bool {
    condition.lock()
    while !isStopped, nextStep >= min(epoch.steps, consumed + 1 + ahead) || free.isEmpty || failure != nil {
      condition.wait()
    }
    guard !isStopped, let batch = free.popLast() else {
      condition.unlock()
      return false
    }
    let (step, work, started) = (nextStep, epoch, generation)
    nextStep += 1
    condition.unlock()
    var problem: DatasetError?
    do throws(DatasetError) {
      try writer.fill(batch, indices: work.indices(of: step), epoch: work.number, step: step)
    } catch {
      problem = error
    }
    condition.lock()
    defer { condition.unlock() }
    if generation != started || problem != nil { free.append(batch) } else { ready.append(batch) }
    if generation == started, let problem, failure == nil || step < (failure?.step ?? 0) {
      failure = (step, problem)
    }
    condition.broadcast()
    return true
  }
}
