import Tensors

/// What calibration keeps of a value, batch after batch.
struct ObservedValues: Sendable {
  /// What a moving average keeps of itself when a batch comes.
  static let momentum: Float = 0.9

  /// How often which numbers occur.
  private(set) var histogram = ValueHistogram()
  /// The extremes of batches, averaged: `m ← momentum · m + (1 - momentum) · extreme`, begun with those of the first batch;
  /// zero is within.
  private(set) var movingRange: ClosedRange<Float> = 0...0
  /// By channel (axis 1) the largest magnitude.
  private(set) var channelMagnitudes: [Float] = []

  /// Counts a batch of finite numbers; gives `false` and counts nothing where one is not.
  mutating func add(_ batch: Tensor) -> Bool {
    let isFirst = histogram.total == 0
    guard histogram.add(batch.values) else { return false }
    let least = min(batch.values.min() ?? 0, 0)
    let greatest = max(batch.values.max() ?? 0, 0)
    let kept = isFirst ? 0 : Self.momentum
    let lower = kept * movingRange.lowerBound + (1 - kept) * least
    let upper = kept * movingRange.upperBound + (1 - kept) * greatest
    movingRange = lower...upper
    addMagnitudes(batch)
    return true
  }

  private mutating func addMagnitudes(_ batch: Tensor) {
    guard batch.shape.rank >= 2 else { return }
    let channels = batch.shape[1]
    let width = batch.shape.spatialCount
    if channelMagnitudes.isEmpty { channelMagnitudes = Array(repeating: 0, count: channels) }
    for row in 0..<batch.shape[0] * channels {
      var largest: Float = 0
      for value in batch.values[row * width..<(row + 1) * width] { largest = max(largest, value.magnitude) }
      channelMagnitudes[row % channels] = max(channelMagnitudes[row % channels], largest)
    }
  }
}
