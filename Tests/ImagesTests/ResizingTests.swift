import Testing

@testable import Images

@Suite("Resizing")
struct ResizingTests {
  /// The weight along one axis by its definition, in double precision: overlap of intervals, or the two
  /// nearest centers.
  static func weight(_ i: Int, _ j: Int, from input: Int, to output: Int) -> Double {
    let scale = Double(input) / Double(output)
    if output <= input {
      let overlap = min(Double(i + 1) * scale, Double(j + 1)) - max(Double(i) * scale, Double(j))
      return max(0, overlap) / scale
    }
    let center = min(max((Double(i) + 0.5) * scale - 0.5, 0), Double(input - 1))
    return max(0, 1 - abs(center - Double(j)))
  }

  static func reference(_ image: Image, _ width: Int, _ height: Int) -> [Double] {
    var result: [Double] = []
    for y in 0..<height {
      for x in 0..<width {
        for c in 0..<image.channels {
          var sum = 0.0
          for v in 0..<image.height {
            let vertical = weight(y, v, from: image.height, to: height)
            if vertical == 0 { continue }
            for u in 0..<image.width {
              let sample = Double(image.pixels[(v * image.width + u) * image.channels + c])
              sum += vertical * weight(x, u, from: image.width, to: width) * sample
            }
          }
          result.append(sum)
        }
      }
    }
    return result
  }

  @Test(
    "both axes follow the definition, growing or shrinking",
    arguments: [(7, 5), (28, 28), (1, 1), (13, 60), (40, 3), (19, 23), (20, 24)])
  func definition(width: Int, height: Int) {
    for channels in [1, 3] {
      let image = Image.drawn(width: 19, height: 23, channels: channels)
      let resized = image.resized(width: width, height: height)
      let reference = Self.reference(image, width, height)
      #expect(resized.pixels.count == reference.count)
      for (found, wanted) in zip(resized.pixels, reference) { #expect(abs(Double(found) - wanted) <= 0.501) }
    }
  }

  @Test("a constant picture stays constant and an equal size changes nothing")
  func identities() {
    let flat = Image(width: 11, height: 7, channels: 1, pixels: [UInt8](repeating: 255, count: 77))
    for (width, height) in [(5, 3), (50, 20), (1, 30)] {
      #expect(flat.resized(width: width, height: height).pixels.allSatisfy { $0 == 255 })
    }
    let drawn = Image.drawn(width: 9, height: 4, channels: 3)
    #expect(drawn.resized(width: 9, height: 4) == drawn)
  }

  @Test("one pixel grows to any size")
  func onePixel() {
    let dot = Image(width: 1, height: 1, channels: 3, pixels: [1, 2, 3])
    #expect(dot.resized(width: 2, height: 2).pixels == [1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3])
  }

  @Test("grey is the weighted sum of the colors, rounded, and RGB of grey repeats it")
  func channels() {
    let image = Image(width: 3, height: 1, channels: 3, pixels: [255, 0, 0, 0, 255, 0, 10, 20, 33])
    #expect(image.converted(toChannels: 1).pixels == [76, 150, 18])
    let grey = Image(width: 2, height: 1, channels: 1, pixels: [4, 9])
    #expect(grey.converted(toChannels: 3).pixels == [4, 4, 4, 9, 9, 9])
    #expect(grey.converted(toChannels: 3).converted(toChannels: 1) == grey)
  }
}
