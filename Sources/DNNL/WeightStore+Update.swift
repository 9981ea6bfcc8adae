import CDNNL
import Execution
import Graphs
import Tensors

extension WeightStore {
  /// Applies a rule to both ranges of the arenas, split over the team, and moves the averages.
  func update(_ rule: any UpdateRule, _ step: StepParameters, threads: Int) {
    prepare(moments: rule.momentCount, averaging: step.averageDecay != nil)
    apply(rule, step, 0..<decayingCount, decay: step.decay, threads)
    apply(rule, step, decayingCount..<trainableCount, decay: 0, threads)
    if let decay = step.averageDecay { average(decay, threads) }
    pendingBackwards = 0
    version += 1
  }

  private func apply(
    _ rule: any UpdateRule, _ step: StepParameters, _ range: Range<Int>, decay: Float, _ threads: Int
  ) {
    let start = range.lowerBound
    parallelChunks(range.count, threads: threads) { chunk in
      let first = start + chunk.lowerBound
      var weights = unsafe self.weights.mutableFloats(first, chunk.count).mutableSpan
      let gradients = unsafe Span(_unsafeElements: self.gradients.mutableFloats(first, chunk.count))
      var one = unsafe mutable(firstMoments, first, chunk.count).mutableSpan
      var two = unsafe mutable(rule.momentCount < 2 ? nil : secondMoments, first, chunk.count).mutableSpan
      rule.update(
        weights: &weights, gradients: gradients, first: &one, second: &two, decay: decay, step)
    }
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
      decay, Int64(trainableCount), Int32(threads))
    unsafe condense_average(
      averageStatistics.baseAddress.assumingMemoryBound(to: Float.self),
      statistics.baseAddress.assumingMemoryBound(to: Float.self), decay, Int64(statistics.byteCount / 4), 1)
  }
}

extension AlignedBuffer {
  /// A part of the buffer; the caller keeps the buffer alive and is the part's only user.
  @unsafe func mutableFloats(_ start: Int, _ count: Int) -> UnsafeMutableBufferPointer<Float> {
    unsafe UnsafeMutableBufferPointer(
      start: baseAddress.assumingMemoryBound(to: Float.self) + start, count: count)
  }
}
