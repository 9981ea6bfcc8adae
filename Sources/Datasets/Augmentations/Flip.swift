import Images
public import Settings
public import Tensors

/// Mirrors the image left to right; not for digits, letters or anything whose side matters.
public struct Flip: Augmentation {
  public static let name = "flip"
  public static let summary = "mirror left to right"
  public static let keepsOrientation = false
  public static var identity: Flip {
    var value = Flip()
    value.probability = 0
    return value
  }

  /// How often, 0...1.
  public var probability: Float = 0.5

  public init() {}
  public static var settings: [Setting<Flip>] {
    [Setting("probability", \.probability, in: 0...1, "share of the views that are mirrored")]
  }

  public func apply(to sample: inout Sample, random: inout SeededRandom) {
    guard random.uniform() < probability else { return }
    let (width, height, channels) = (sample.image.width, sample.image.height, sample.image.channels)
    var pixels = sample.image.pixels.mutableSpan
    for y in 0..<height {
      var left = y * width * channels
      var right = left + (width - 1) * channels
      while left < right {
        for c in 0..<channels { pixels.swapAt(left + c, right + c) }
        left += channels
        right -= channels
      }
    }
  }
}
