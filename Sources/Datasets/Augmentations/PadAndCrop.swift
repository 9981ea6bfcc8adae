import Images
public import Settings
public import Tensors

/// Pads the image with black and crops it back at a random place: a shift of up to `pixels` each way.
public struct PadAndCrop: Augmentation {
  /// The name in recipes: `pad-and-crop`.
  public static let name = "pad-and-crop"
  /// The line for lists.
  public static let summary = "pad with black and crop back at a random place"
  /// The shift with a border of 0 pixels.
  public static var identity: PadAndCrop {
    var value = PadAndCrop()
    value.pixels = 0
    return value
  }

  /// The border on each side in pixels, 0...256.
  public var pixels = 4

  /// Makes the shift with its default: a border of 4 pixels.
  public init() {}
  /// Settings: `pixels`.
  public static var settings: [Setting<PadAndCrop>] {
    [Setting("pixels", \.pixels, in: 0...256, "border added on each side, in pixels")]
  }

  /// Shifts the image and its boxes by a random number of rows and columns in `-pixels...pixels`.
  public func apply(to sample: inout Sample, random: inout SeededRandom) {
    let down = random.below(2 * pixels + 1) - pixels
    let right = random.below(2 * pixels + 1) - pixels
    guard down != 0 || right != 0 else { return }
    let (width, height, channels) = (sample.image.width, sample.image.height, sample.image.channels)
    let rowBytes = width * channels
    let left = min(max(-right, 0) * channels, rowBytes)
    let end = max(min((width - right) * channels, rowBytes), left)
    sample.moveBoxes { x, y in (x - Float(right), y - Float(down)) }
    sample.redraw { old, new in
      for y in 0..<height {
        let start = y * rowBytes
        let source = y + down
        guard source >= 0, source < height else {
          for x in 0..<rowBytes { new[start + x] = 0 }
          continue
        }
        let from = (source * width + right) * channels
        for x in 0..<left { new[start + x] = 0 }
        for x in left..<end { new[start + x] = old[from + x] }
        for x in end..<rowBytes { new[start + x] = 0 }
      }
    }
  }
}
