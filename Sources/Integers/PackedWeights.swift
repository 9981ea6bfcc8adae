import Execution

/// Weights in the order in which products read them: `[channels/16][segments][quads][16][4]`, padded with
/// zeros.
enum PackedWeights {
  /// Packs the weights of output channels whose rows are `segments` stretches of `length` numbers.
  ///
  /// `weight` returns the number of a channel, segment and place.
  static func panels(
    channels: Range<Int>, segments: Int, length: Int, weight: (Int, Int, Int) -> Int8
  ) -> ConstantTable<Int8> {
    let quads = (length + 3) / 4
    let panels = (channels.count + 15) / 16
    var packed = [Int8](repeating: 0, count: panels * segments * quads * 64)
    for (position, channel) in channels.enumerated() {
      for segment in 0..<segments {
        for place in 0..<length {
          let quad = ((position / 16 * segments + segment) * quads + place / 4) * 64
          packed[quad + position % 16 * 4 + place % 4] = weight(channel, segment, place)
        }
      }
    }
    return ConstantTable(packed)
  }

  /// Packs the weights of a depthwise convolution as `[segments][channels]`, padded to whole panels.
  static func depthwise(channels: Int, segments: Int, weights: [Int8]) -> ConstantTable<Int8> {
    let padded = (channels + 15) / 16 * 16
    var packed = [Int8](repeating: 0, count: segments * padded)
    for channel in 0..<channels {
      for segment in 0..<segments {
        packed[segment * padded + channel] = weights[channel * segments + segment]
      }
    }
    return ConstantTable(packed)
  }
}
