extension Image {
  /// The image in grey (1) or RGB (3).
  ///
  /// Grey is `0.299 R + 0.587 G + 0.114 B`, rounded to the nearest. From grey, all three channels are equal.
  public func converted(toChannels wanted: Int) -> Image {
    precondition(wanted == 1 || wanted == 3, "an image has 1 or 3 channels")
    if wanted == channels { return self }
    var result: [UInt8] = []
    result.reserveCapacity(width * height * wanted)
    if wanted == 3 {
      for grey in pixels {
        result.append(grey)
        result.append(grey)
        result.append(grey)
      }
    } else {
      for i in stride(from: 0, to: pixels.count, by: 3) {
        let sum = 299 * Int(pixels[i]) + 587 * Int(pixels[i + 1]) + 114 * Int(pixels[i + 2])
        result.append(UInt8((sum + 500) / 1000))
      }
    }
    return Image(width: width, height: height, channels: wanted, pixels: result)
  }
}
