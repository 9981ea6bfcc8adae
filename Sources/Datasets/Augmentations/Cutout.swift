import Images
public import Settings
public import Tensors

/// Covers a square at a random place with black.
///
/// The square's centre is uniform over the image, so that the square may reach over the edge. Boxes stay as
/// they are.
///
/// **Paper** DeVries, Taylor, "Improved regularization of convolutional neural networks with cutout", 2017,
/// arXiv:1708.04552.
public struct Cutout: Augmentation {
  /// The name in recipes: `cutout`.
  public static let name = "cutout"
  /// The line for lists.
  public static let summary = "cover a random square with black"
  /// The cutout with a square of side 0.
  public static var identity: Cutout {
    var value = Cutout()
    value.side = 0
    return value
  }

  /// The square's side as a share of the image's shorter side, 0...1.
  public var side: Float = 0.25

  /// Makes the cutout with its default: a side of 0.25.
  public init() {}
  /// Settings: `side`.
  public static var settings: [Setting<Cutout>] {
    [Setting("side", \.side, in: 0...1, "side of the square, as a share of the image's shorter side")]
  }

  /// Sets the pixels of a random square to 0.
  public func apply(to sample: inout Sample, random: inout SeededRandom) {
    let (width, height, channels) = (sample.image.width, sample.image.height, sample.image.channels)
    let pixels = Int((side * Float(min(width, height))).rounded())
    let left = random.below(max(width, 1)) - pixels / 2
    let top = random.below(max(height, 1)) - pixels / 2
    let columns = max(0, left)..<max(0, min(width, left + pixels), left)
    var image = sample.image.pixels.mutableSpan
    for y in max(0, top)..<max(0, min(height, top + pixels), top) where !columns.isEmpty {
      let row = y * width
      for x in (row + columns.lowerBound) * channels..<(row + columns.upperBound) * channels { image[x] = 0 }
    }
  }
}
