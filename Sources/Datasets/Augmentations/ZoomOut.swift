import Images
public import Settings
public import Tensors

/// Shows the image smaller at a random place on a ground of its mean colour, so that things become small.
///
/// **Formula** each side is divided by `f`, uniform in `1...most`.
///
/// **Paper** Liu et al., "SSD: single shot multibox detector", ECCV 2016, arXiv:1512.02325.
public struct ZoomOut: Augmentation {
  /// The name in recipes: `zoom-out`.
  public static let name = "zoom-out"
  /// One line for lists and documentation.
  public static let summary = "show the image smaller on a ground of its mean colour"
  /// The augmentation with probability 0.
  public static var identity: ZoomOut {
    var value = ZoomOut()
    value.probability = 0
    return value
  }

  /// The share of views that are made smaller, 0...1.
  public var probability: Float = 0.5
  /// The largest number that the sides are divided by, 1...16.
  public var most: Float = 4

  /// Makes the augmentation with its defaults: probability 0.5, most 4.
  public init() {}
  /// Settings: `probability`, `most`.
  public static var settings: [Setting<ZoomOut>] {
    [
      Setting("probability", \.probability, in: 0...1, "share of the views that are smaller"),
      Setting("most", \.most, in: 1...16, "most that sides are divided by"),
    ]
  }

  /// Shrinks the image by a random factor, and moves the boxes along.
  public func apply(to sample: inout Sample, random: inout SeededRandom) {
    guard random.uniform() < probability else { return }
    let factor = random.uniform(in: 1...most)
    let (width, height, channels) = (sample.image.width, sample.image.height, sample.image.channels)
    let (across, down) = (Int(Float(width) / factor), Int(Float(height) / factor))
    let (left, top) = (random.below(width - across + 1), random.below(height - down + 1))
    guard across > 0, down > 0, across < width || down < height else { return }
    let (x, y) = (Float(across) / Float(width), Float(down) / Float(height))
    sample.moveBoxes { ($0 * x + Float(left), $1 * y + Float(top)) }
    let small = sample.image.resized(width: across, height: down)
    let ground = Self.mean(sample.image)
    sample.redraw { _, new in
      for row in 0..<height {
        for column in 0..<width {
          for c in 0..<channels { new[(row * width + column) * channels + c] = ground[c] }
        }
      }
      for row in 0..<down {
        let (from, to) = (row * across * channels, ((top + row) * width + left) * channels)
        for i in 0..<across * channels { new[to + i] = small.pixels[from + i] }
      }
    }
  }

  /// Returns the mean of each channel, rounded.
  private static func mean(_ image: Image) -> [UInt8] {
    let count = image.width * image.height
    return (0..<image.channels).map { channel in
      var sum = 0
      for i in 0..<count { sum += Int(image.pixels[i * image.channels + channel]) }
      return UInt8((sum + count / 2) / max(count, 1))
    }
  }
}
