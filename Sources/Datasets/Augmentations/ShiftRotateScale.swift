import Images
import RealModule
public import Settings
public import Tensors

/// Shifts, rotates and resizes the image's content about its centre; the area beyond the old edges is black.
///
/// Pixels are interpolated bilinearly.
public struct ShiftRotateScale: Augmentation {
  /// The name in recipes: `shift-rotate-scale`.
  public static let name = "shift-rotate-scale"
  /// The line for lists.
  public static let summary = "move, turn and resize about the centre"
  /// The change with all three settings 0.
  public static var identity: ShiftRotateScale {
    var value = ShiftRotateScale()
    value.shift = 0
    value.degrees = 0
    value.scale = 0
    return value
  }

  /// The largest shift, as a share of the width and the height.
  public var shift: Float = 0.08
  /// The largest angle either way, in degrees.
  public var degrees: Float = 10
  /// The largest relative change of size: at 0.1 the factor lies between 1/1.1 and 1.1.
  public var scale: Float = 0.1

  /// Makes the change with its defaults: shift 0.08, degrees 10, scale 0.1.
  public init() {}
  /// Settings: `shift`, `degrees`, `scale`.
  public static var settings: [Setting<ShiftRotateScale>] {
    [
      Setting("shift", \.shift, in: 0...1, "largest shift, as a share of width and height"),
      Setting("degrees", \.degrees, in: 0...180, "largest angle either way, in degrees"),
      Setting("scale", \.scale, in: 0...4, "largest relative change of size"),
    ]
  }

  /// Draws a shift, an angle and a factor, and maps pixels and boxes by them.
  public func apply(to sample: inout Sample, random: inout SeededRandom) {
    let (width, height, channels) = (sample.image.width, sample.image.height, sample.image.channels)
    let right = random.uniform(in: -shift...shift) * Float(width)
    let down = random.uniform(in: -shift...shift) * Float(height)
    let angle = random.uniform(in: -degrees...degrees) * .pi / 180
    let step = random.uniform(in: -scale...scale)
    let factor = step >= 0 ? 1 + step : 1 / (1 - step)
    guard right != 0 || down != 0 || angle != 0 || factor != 1 else { return }
    let cosine = Float.cos(angle) / factor
    let sine = Float.sin(angle) / factor
    let (centreX, centreY) = (Float(width - 1) / 2, Float(height - 1) / 2)
    sample.moveBoxes { x, y in
      // Boxes go the other way than the map below, which looks up the source of each new pixel. A rotation is
      // inverted by its transpose; the factor comes in squared because cosine and sine are already divided by
      // it.
      let (u, v) = (x - Float(width) / 2, y - Float(height) / 2)
      let square = factor * factor
      return (
        square * (cosine * u - sine * v) + Float(width) / 2 + right,
        square * (sine * u + cosine * v) + Float(height) / 2 + down
      )
    }
    sample.redraw { old, new in
      for y in 0..<height {
        let dy = Float(y) - centreY - down
        for x in 0..<width {
          let dx = Float(x) - centreX - right
          let sourceX = cosine * dx + sine * dy + centreX
          let sourceY = cosine * dy - sine * dx + centreY
          Self.interpolate(
            old, width: width, height: height, channels: channels, x: sourceX, y: sourceY, into: &new,
            at: (y * width + x) * channels)
        }
      }
    }
  }

  /// Writes the pixel at a position between four pixels; positions outside the image are black.
  private static func interpolate(
    _ old: Span<UInt8>, width: Int, height: Int, channels: Int, x: Float, y: Float,
    into new: inout MutableSpan<UInt8>, at position: Int
  ) {
    guard x > -1, y > -1, x < Float(width), y < Float(height) else {
      for c in 0..<channels { new[position + c] = 0 }
      return
    }
    let (left, top) = (Int(x.rounded(.down)), Int(y.rounded(.down)))
    let (fx, fy) = (x - Float(left), y - Float(top))
    for c in 0..<channels {
      func value(_ column: Int, _ row: Int) -> Float {
        guard column >= 0, row >= 0, column < width, row < height else { return 0 }
        return Float(old[(row * width + column) * channels + c])
      }
      let above = value(left, top) * (1 - fx) + value(left + 1, top) * fx
      let below = value(left, top + 1) * (1 - fx) + value(left + 1, top + 1) * fx
      new[position + c] = UInt8(min(255, max(0, above * (1 - fy) + below * fy + 0.5)))
    }
  }
}
