import Images
public import Settings
public import Tensors

/// Mirrors the image left to right; not for digits, letters or anything whose side matters.
public struct Flip: Augmentation {
  /// The name in recipes: `flip`.
  public static let name = "flip"
  /// The line for lists.
  public static let summary = "mirror left to right"
  /// False: left becomes right.
  public static let keepsOrientation = false
  /// The flip with probability 0.
  public static var identity: Flip {
    var value = Flip()
    value.probability = 0
    return value
  }

  /// The share of views that are mirrored, 0...1.
  public var probability: Float = 0.5

  /// Makes the flip with its default: a probability of 0.5.
  public init() {}
  /// Settings: `probability`.
  public static var settings: [Setting<Flip>] {
    [Setting("probability", \.probability, in: 0...1, "share of the views that are mirrored")]
  }

  /// Mirrors the image and its boxes with the set probability.
  public func apply(to sample: inout Sample, random: inout SeededRandom) {
    guard random.uniform() < probability else { return }
    let (width, height, channels) = (sample.image.width, sample.image.height, sample.image.channels)
    sample.moveBoxes { x, y in (Float(width) - x, y) }
    sample.redraw { old, new in
      for y in 0..<height {
        let row = y * width * channels
        let last = row + (width - 1) * channels
        if channels == 1 {
          for x in 0..<width { new[row + x] = old[last - x] }
        } else {
          for x in stride(from: 0, to: 3 * width, by: 3) {
            new[row + x] = old[last - x]
            new[row + x + 1] = old[last - x + 1]
            new[row + x + 2] = old[last - x + 2]
          }
        }
      }
    }
  }
}
