import Images
public import Settings
public import Tensors

/// Changes the brightness, the contrast and, in colour images, the saturation.
///
/// **Formula** `p' = gray + s·(p - gray)` with `gray` the pixel's luma, then `c·(p' - m) + m + b·255` with
/// `m` the image's mean luma. `b`, `c - 1` and `s - 1` are uniform in ± the respective setting.
public struct ColorJitter: Augmentation {
  /// The name in recipes: `color-jitter`.
  public static let name = "color-jitter"
  /// The line for lists.
  public static let summary = "change brightness, contrast and saturation"
  /// The jitter with all three settings 0.
  public static var identity: ColorJitter {
    var value = ColorJitter()
    value.brightness = 0
    value.contrast = 0
    value.saturation = 0
    return value
  }

  /// The largest change of brightness, as a share of the range 0...255.
  public var brightness: Float = 0.1
  /// The largest relative change of contrast.
  public var contrast: Float = 0.2
  /// The largest relative change of saturation; it has no effect on grey images.
  public var saturation: Float = 0.2

  /// Makes the jitter with its defaults: brightness 0.1, contrast 0.2, saturation 0.2.
  public init() {}
  /// Settings: `brightness`, `contrast`, `saturation`.
  public static var settings: [Setting<ColorJitter>] {
    [
      Setting("brightness", \.brightness, in: 0...1, "largest change, as a share of the whole range"),
      Setting("contrast", \.contrast, in: 0...1, "largest relative change"),
      Setting("saturation", \.saturation, in: 0...1, "largest relative change"),
    ]
  }

  /// Draws the three changes and applies them to every pixel.
  public func apply(to sample: inout Sample, random: inout SeededRandom) {
    let lift = random.uniform(in: -brightness...brightness) * 255
    let gain = 1 + random.uniform(in: -contrast...contrast)
    let chroma = 1 + random.uniform(in: -saturation...saturation)
    guard lift != 0 || gain != 1 || chroma != 1 else { return }
    let channels = sample.image.channels
    let count = sample.image.width * sample.image.height
    guard count > 0 else { return }
    var pixels = sample.image.pixels.mutableSpan
    var total = 0
    for i in 0..<count { total += Self.luma(pixels, at: i * channels, channels: channels) }
    let mean = Float(total) / Float(count) / 256
    for i in 0..<count {
      let gray = Float(Self.luma(pixels, at: i * channels, channels: channels)) / 256
      for c in 0..<channels {
        let colored = channels == 1 ? gray : gray + chroma * (Float(pixels[i * channels + c]) - gray)
        let value = gain * (colored - mean) + mean + lift
        pixels[i * channels + c] = UInt8(min(255, max(0, value + 0.5)))
      }
    }
  }

  /// Returns 256 times the luma of a pixel (ITU-R BT.601).
  private static func luma(_ pixels: borrowing MutableSpan<UInt8>, at i: Int, channels: Int) -> Int {
    guard channels == 3 else { return 256 * Int(pixels[i]) }
    return 77 * Int(pixels[i]) + 150 * Int(pixels[i + 1]) + 29 * Int(pixels[i + 2])
  }
}
