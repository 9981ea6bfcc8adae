extension Image {
  /// Draws the edges of a rectangle of columns `left..<right` and rows `top..<bottom`.
  ///
  /// Edges are `thickness` pixels wide, inwards; parts outside the image are skipped. `color` has one sample
  /// for each channel.
  public mutating func drawFrame(
    left: Int, top: Int, right: Int, bottom: Int, thickness: Int = 1, color: [UInt8]
  ) {
    precondition(color.count == channels, "one sample a channel")
    let columns = max(left, 0)..<max(min(right, width), left, 0)
    for row in max(top, 0)..<max(min(bottom, height), top, 0) where row < height {
      let isEdge = row < top + thickness || row >= bottom - thickness
      for column in columns
      where column < width && (isEdge || column < left + thickness || column >= right - thickness) {
        for channel in 0..<channels { pixels[(row * width + column) * channels + channel] = color[channel] }
      }
    }
  }

  /// A colour for marks on pictures, by number; colours repeat after ten.
  public static func markColor(_ number: Int) -> [UInt8] {
    let colors: [[UInt8]] = [
      [230, 25, 75], [60, 180, 75], [0, 130, 200], [245, 130, 48], [145, 30, 180], [70, 240, 240],
      [240, 50, 230], [210, 245, 60], [255, 225, 25], [0, 128, 128],
    ]
    return colors[number % colors.count]
  }

  /// The name of the colour with a number.
  public static func markColorName(_ number: Int) -> String {
    let names = [
      "red", "green", "blue", "orange", "purple", "cyan", "magenta", "lime", "yellow", "teal",
    ]
    return names[number % names.count]
  }
}
