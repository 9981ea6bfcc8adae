/// The shape of a network's input: channels, height and width of one image.
public struct InputShape: Sendable, Hashable, CustomStringConvertible {
  /// The number of channels: 1 for grey, 3 for colour.
  public var channels: Int
  /// The height in pixels.
  public var height: Int
  /// The width in pixels.
  public var width: Int

  /// Makes a shape.
  public init(channels: Int, height: Int, width: Int) {
    self.channels = channels
    self.height = height
    self.width = width
  }

  /// The number of values in one image.
  public var count: Int { channels * height * width }

  /// The text in the form `3x32x32`.
  public var description: String { "\(channels)x\(height)x\(width)" }
}

/// The mean to subtract from a pixel (0...255) and the deviation to divide it by, per channel.
public struct Normalization: Sendable, Equatable {
  /// The mean of each channel over the training pixels, 0...255.
  public var mean: [Float]
  /// The standard deviation of each channel over the training pixels, in the same unit.
  public var deviation: [Float]

  /// Makes a normalization; both arrays have one entry per channel.
  public init(mean: [Float], deviation: [Float]) {
    self.mean = mean
    self.deviation = deviation
  }

  /// Returns the normalization that leaves pixels at 0...255.
  public static func none(channels: Int) -> Normalization {
    Normalization(mean: Array(repeating: 0, count: channels), deviation: Array(repeating: 1, count: channels))
  }

  /// Returns the divisor of a channel: its deviation, or 1 if that is 0 or not finite.
  package func divisor(of channel: Int) -> Float {
    let deviation = deviation[min(channel, deviation.count - 1)]
    return deviation.isFinite && deviation > 0 ? deviation : 1
  }

  /// Returns the normalized value of every pixel value, 256 entries per channel, channel after channel.
  ///
  /// A channel without deviation is only centred.
  package func table(channels: Int) -> [Float] {
    var table: [Float] = []
    table.reserveCapacity(256 * channels)
    for channel in 0..<channels {
      let mean = mean[min(channel, mean.count - 1)]
      let divisor = divisor(of: channel)
      for value in 0..<256 { table.append((Float(value) - mean) / divisor) }
    }
    return table
  }
}
