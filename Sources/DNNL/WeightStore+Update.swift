import CDNNL
import Execution
import Graphs
import Synchronization
import Tensors

extension WeightStore {
  /// Applies a rule to both ranges of the arenas, split over the team of threads, and moves the averages.
  func update(_ rule: any UpdateRule, _ step: StepParameters, threads: Int) {
    prepare(moments: rule.momentCount, averaging: step.averageDecay != nil)
    updatedFinitely.store(true, ordering: .relaxed)
    apply(rule, step, 0..<decayingCount, decay: step.decay, threads)
    apply(rule, step, decayingCount..<updatedCount, decay: 0, threads)
    if let decay = step.averageDecay { average(decay, threads) }
    pendingBackwards = 0
    version += 1
  }

  private func apply(
    _ rule: any UpdateRule, _ step: StepParameters, _ range: Range<Int>, decay: Float, _ threads: Int
  ) {
    pendingUpdate = PendingUpdate(rule: rule, step: step, start: range.lowerBound, decay: decay)
    updateLoop.run(range.count, threads: threads)
    pendingUpdate = nil
  }

  /// Updates a part of the range of the pending update.
  func update(_ chunk: Range<Int>) {
    guard let pending = pendingUpdate else { return }
    let first = pending.start + chunk.lowerBound
    var weights = unsafe self.weights.mutableFloats(first, chunk.count).mutableSpan
    let gradients = unsafe Span(_unsafeElements: self.gradients.mutableFloats(first, chunk.count))
    let moments = pending.rule.momentCount < 2 ? nil : secondMoments
    var one = unsafe mutable(firstMoments, first, chunk.count).mutableSpan
    var two = unsafe mutable(moments, first, chunk.count).mutableSpan
    pending.rule.update(
      weights: &weights, gradients: gradients, first: &one, second: &two, decay: pending.decay, pending.step)
    // Checked here, as the weights are still in the core's cache.
    if !weights.span.isFinite { updatedFinitely.store(false, ordering: .relaxed) }
  }

  /// True if the last update left finite weights and the running statistics are finite.
  var isFinite: Bool {
    guard updatedFinitely.load(ordering: .relaxed) else { return false }
    let count = statistics.byteCount / 4
    return unsafe Span(_unsafeElements: statistics.mutableFloats(0, count)).isFinite
  }

  private func mutable(_ buffer: AlignedBuffer?, _ start: Int, _ count: Int) -> UnsafeMutableBufferPointer<
    Float
  > {
    unsafe buffer?.mutableFloats(start, count) ?? UnsafeMutableBufferPointer(start: nil, count: 0)
  }

  private func average(_ decay: Float, _ threads: Int) {
    guard let averages, let averageStatistics else { return }
    unsafe condense_average(
      averages.baseAddress.assumingMemoryBound(to: Float.self),
      weights.baseAddress.assumingMemoryBound(to: Float.self),
      decay, Int64(updatedCount), Int32(threads))
    unsafe condense_average(
      averageStatistics.baseAddress.assumingMemoryBound(to: Float.self),
      statistics.baseAddress.assumingMemoryBound(to: Float.self), decay, Int64(statistics.byteCount / 4), 1)
  }
}

/// The update that the team's threads are running.
struct PendingUpdate {
  let rule: any UpdateRule
  let step: StepParameters
  let start: Int
  let decay: Float
}

extension AlignedBuffer {
  /// A part of the buffer; the caller keeps the buffer alive, and is the only user of the part.
  @unsafe func mutableFloats(_ start: Int, _ count: Int) -> UnsafeMutableBufferPointer<Float> {
    unsafe UnsafeMutableBufferPointer(
      start: baseAddress.assumingMemoryBound(to: Float.self) + start, count: count)
  }
}
