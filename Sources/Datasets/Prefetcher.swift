import Foundation

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
