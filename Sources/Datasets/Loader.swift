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

// SAFETY: every mutable property is read and written only while `condition` is locked; a batch outside the free
// and ready lists belongs to the one thread that took it.

/// Threads that prepare the batches of an epoch ahead of their use, at most two beyond the one in use.
///
/// Every thread takes whole batches by step number; the consumer takes them in order.
final class Prefetcher: @unchecked Sendable {
  /// One epoch's work.
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
  /// Counts `start` calls, so that a batch prepared for an epoch that was given up is dropped.
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

  /// Gives up the present epoch and starts another.
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

  /// Waits for the batch of a step.
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

  /// Ends the threads after the batch that each is at.
  func stop() {
    condition.lock()
    isStopped = true
    condition.broadcast()
    condition.unlock()
  }

  /// Prepares one batch; false when there is nothing left to do for ever.
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
