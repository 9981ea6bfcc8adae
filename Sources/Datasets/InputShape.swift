/// What a network takes: channels, height and width of one image.
public struct InputShape: Sendable, Hashable, CustomStringConvertible {
  /// 1 for grey, 3 for colour.
  public var channels: Int
  /// Rows.
  public var height: Int
  /// Columns.
  public var width: Int

  /// Makes a shape.
  public init(channels: Int, height: Int, width: Int) {
    self.channels = channels
    self.height = height
    self.width = width
  }

  /// Values in one image.
  public var count: Int { channels * height * width }

  /// `3x32x32`.
  public var description: String { "\(channels)x\(height)x\(width)" }
}

/// What is subtracted from a pixel (0...255) and what it is divided by, per channel.
public struct Normalization: Sendable, Equatable {
  /// The mean of each channel over the training pixels, 0...255.
  public var mean: [Float]
  /// The standard deviation of each channel over the training pixels, in the same unit.
  public var deviation: [Float]

  /// Makes a normalization.
  public init(mean: [Float], deviation: [Float]) {
    self.mean = mean
    self.deviation = deviation
  }

  /// Leaves pixels at 0...255.
  public static func none(channels: Int) -> Normalization {
    Normalization(mean: Array(repeating: 0, count: channels), deviation: Array(repeating: 1, count: channels))
  }

  /// What a channel is divided by: its deviation, 1 where there is no spread.
  package func divisor(of channel: Int) -> Float {
    let deviation = deviation[min(channel, deviation.count - 1)]
    return deviation.isFinite && deviation > 0 ? deviation : 1
  }

  /// The normalized value of every pixel value: 256 entries a channel, one channel behind the other.
  ///
  /// A channel without any spread is only centred.
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
