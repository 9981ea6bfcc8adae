import Tensors

/// Calibration data of a value, gathered batch after batch.
struct ObservedValues: Sendable {
  /// The weight of the average so far when a batch is added.
  static let momentum: Float = 0.9

  /// The histogram of all numbers.
  private(set) var histogram = ValueHistogram()
  /// The averaged extremes of batches, which always contain zero.
  ///
  /// **Formula**: `m ← momentum · m + (1 - momentum) · extreme`, begun with those of the first batch.
  private(set) var movingRange: ClosedRange<Float> = 0...0
  /// The largest magnitude of each channel (axis 1).
  private(set) var channelMagnitudes: [Float] = []

  /// Counts a batch of finite numbers; returns false and counts nothing if one is not finite.
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

  /// Raises the largest magnitudes of channels.
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
