public import Datasets
import Tensors

/// Changes images from one network's normalization to another's.
///
/// **Formula** `y = (x · deviation + mean - mean') / deviation'` in each channel. A pixel of 0...255 becomes,
/// bit for bit, the number that a loader would have made for the other network; blended images come near to
/// that.
public struct NormalizationChange: Sendable {
  /// The distance from a whole number that a pixel may have after the way back, in units of 0...255.
  private static let slack: Float = 0x1p-9

  private let mean: [Float]
  private let deviation: [Float]
  private let target: Normalization
  private let table: [Float]

  /// Makes the change; `nil` if both normalizations are equal.
  public init?(from source: Normalization, to target: Normalization) {
    guard source != target else { return nil }
    let channels = max(source.mean.count, target.mean.count)
    mean = (0..<channels).map { source.mean[min($0, source.mean.count - 1)] }
    deviation = (0..<channels).map { source.divisor(of: $0) }
    self.target = target
    table = target.table(channels: channels)
  }

  /// Changes whole images of `imageSize` values each, channel by channel.
  func apply(to images: Span<Float>, imageSize: Int, into changed: inout MutableSpan<Float>) {
    let channels = mean.count
    let plane = imageSize / channels
    for start in stride(from: 0, to: changed.count, by: plane) {
      let channel = start / plane % channels
      let (mean, deviation) = (mean[channel], deviation[channel])
      let other = (
        mean: target.mean[min(channel, target.mean.count - 1)], divisor: target.divisor(of: channel)
      )
      for i in start..<start + plane {
        let pixel = images[i] * deviation + mean
        let whole = pixel.rounded()
        // Whole pixels go through the loader's own table, which makes them equal bit for bit.
        if (pixel - whole).magnitude <= Self.slack, (0...255).contains(whole) {
          changed[i] = table[256 * channel + Int(whole)]
        } else {
          changed[i] = (pixel - other.mean) / other.divisor
        }
      }
    }
  }
}
