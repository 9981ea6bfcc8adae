/// The orientation of stored pixels, as in EXIF (values 1 to 8).
enum Orientation: Int, CaseIterable, Sendable {
  case upright = 1
  case mirrored
  case upsideDown
  case flipped
  case transposed
  case turnedRight
  case transversed
  case turnedLeft

  /// True if rows become columns.
  var swapsAxes: Bool { rawValue >= 5 }

  /// The stored pixel (column, row) that appears at (`x`, `y`) of an upright picture of the given size.
  func source(x: Int, y: Int, width: Int, height: Int) -> (x: Int, y: Int) {
    switch self {
    case .upright: (x, y)
    case .mirrored: (width - 1 - x, y)
    case .upsideDown: (width - 1 - x, height - 1 - y)
    case .flipped: (x, height - 1 - y)
    case .transposed: (y, x)
    case .turnedRight: (y, width - 1 - x)
    case .transversed: (height - 1 - y, width - 1 - x)
    case .turnedLeft: (height - 1 - y, x)
    }
  }
}

extension ImageHeader {
  /// The header of the upright picture, for one stored with `orientation`.
  func uprighted(from orientation: Orientation) -> ImageHeader {
    guard orientation.swapsAxes else { return self }
    return ImageHeader(format: format, width: height, height: width, channels: channels)
  }
}

extension Image {
  /// The upright picture, from pixels stored with `orientation`.
  func uprighted(from orientation: Orientation) -> Image {
    guard orientation != .upright else { return self }
    let (w, h) = orientation.swapsAxes ? (height, width) : (width, height)
    var turned = [UInt8](repeating: 0, count: pixels.count)
    var next = 0
    for y in 0..<h {
      for x in 0..<w {
        let from = orientation.source(x: x, y: y, width: w, height: h)
        let start = (from.y * width + from.x) * channels
        for c in 0..<channels {
          turned[next] = pixels[start + c]
          next += 1
        }
      }
    }
    return Image(width: w, height: h, channels: channels, pixels: turned)
  }
}
