import Testing

@testable import Images

@Suite("JPEG decoding")
struct JPEGDecodingTests {
  static func largestDifference(_ a: [UInt8], _ b: [UInt8]) -> Int {
    zip(a, b).map { abs(Int($0) - Int($1)) }.max() ?? 0
  }

  @Test("grey and RGB come back within the loss of the best quality", arguments: [1, 3])
  func quality(channels: Int) throws {
    var pixels: [UInt8] = []
    for i in 0..<33 * 17 {
      let level = UInt8(i % 33 * 3 + i / 33 * 2)
      for _ in 0..<channels { pixels.append(level) }
    }
    let smooth = Image(width: 33, height: 17, channels: channels, pixels: pixels)
    let file = try JPEGWriter(quality: 100, hasFullChroma: true).encode(smooth)
    let image = try ImageDecoder().decode(file)
    #expect(image.channels == channels)
    #expect(Self.largestDifference(image.pixels, smooth.pixels) <= 2)
  }

  @Test("progressive files and restart marks give the very pixels of the baseline file", arguments: [1, 3])
  func progressive(channels: Int) throws {
    let drawn = Image.drawn(width: 61, height: 47, channels: channels)
    let decoder = ImageDecoder()
    let baseline = try decoder.decode(JPEGWriter().encode(drawn))
    #expect(try decoder.decode(JPEGWriter(isProgressive: true).encode(drawn)) == baseline)
    #expect(try decoder.decode(JPEGWriter(restartInterval: 3).encode(drawn)) == baseline)
  }

  @Test("RGB stored without conversion is read as RGB")
  func storedRGB() throws {
    let image = Image(width: 8, height: 8, channels: 3, pixels: (0..<64).flatMap { _ in [200, 30, 90] })
    let file = try JPEGWriter(quality: 100, keepsColor: true).encode(image)
    #expect(Self.largestDifference(try ImageDecoder().decode(file).pixels, image.pixels) <= 1)
  }

  @Test("inverted CMYK and YCCK turn into RGB: ink times black", arguments: [false, true])
  func cmyk(keepsColor: Bool) throws {
    let size = Image(width: 8, height: 8, channels: 1, pixels: [UInt8](repeating: 0, count: 64))
    for inks: [UInt8] in [[255, 255, 255, 255], [0, 255, 255, 255], [40, 120, 200, 180], [9, 9, 9, 0]] {
      let file = try JPEGWriter(quality: 100, hasFullChroma: true, keepsColor: keepsColor)
        .encode(size, samples: (0..<64).flatMap { _ in inks }, channels: 4)
      let image = try ImageDecoder().decode(file)
      let expected = inks.prefix(3).map { UInt8((Double($0) * Double(inks[3]) / 255).rounded()) }
      #expect(try ImageDecoder().header(file).channels == 3)
      #expect(Self.largestDifference(image.pixels, (0..<64).flatMap { _ in expected }) <= 2)
    }
  }

  @Test("a file cut anywhere is damage; bytes after its end are not", arguments: [false, true])
  func cut(isProgressive: Bool) throws {
    let drawn = Image.drawn(width: 24, height: 24, channels: 3)
    let file = try JPEGWriter(isProgressive: isProgressive).encode(drawn)
    let decoder = ImageDecoder()
    for count in 0..<file.count {
      #expect(throws: ImageError.self, "\(count) bytes") { try decoder.decode(Array(file[..<count])) }
    }
    #expect(try decoder.decode(file + [7, 7, 7]) == decoder.decode(file))
  }

  @Test("damaged entropy-coded data, of which libjpeg only warns, is damage")
  func warning() throws {
    var file = try JPEGWriter().encode(.drawn(width: 64, height: 64, channels: 3))
    // A run of ones is no code in any table; 00 after FF is only stuffing.
    let start = file.count * 3 / 4
    file.replaceSubrange(start..<start + 40, with: (0..<40).map { $0 % 2 == 0 ? 0xFF : 0 })
    #expect(throws: ImageError.self) { try ImageDecoder().decode(file) }
  }

  /// The file without its segments of one marker.
  static func stripped(_ file: [UInt8], of marker: UInt8) -> [UInt8] {
    var kept = Array(file[..<2])
    var at = 2
    while file[at + 1] != 0xDA {
      let end = at + 2 + (Int(file[at + 2]) << 8) + Int(file[at + 3])
      if file[at + 1] != marker { kept += file[at..<end] }
      at = end
    }
    return kept + file[at...]
  }

  @Test("no table survives from the file before")
  func tables() throws {
    let drawn = Image.drawn(width: 32, height: 32, channels: 3)
    let decoder = ImageDecoder()
    let sound = try JPEGWriter().encode(drawn)
    let expected = try decoder.decode(sound)
    let other = try JPEGWriter(quality: 30, isProgressive: true).encode(drawn)
    for _ in 0..<100 {
      _ = try decoder.decode(other)
      // A file without Huffman tables uses the standard ones, like the writer.
      #expect(try decoder.decode(Self.stripped(sound, of: 0xC4)) == expected)
      #expect(throws: ImageError.self) { try decoder.decode(Self.stripped(sound, of: 0xDB)) }
    }
  }

  @Test("a file that repeats its scans without end is refused")
  func scanBomb() throws {
    let file = try JPEGWriter(isProgressive: true).encode(.drawn(width: 32, height: 32, channels: 1))
    let scans = file.indices.dropLast().filter { file[$0] == 0xFF && file[$0 + 1] == 0xDA }
    let last = Array(file[scans.last!..<file.count - 2])
    let bomb = Array(file.dropLast(2)) + (0..<600).flatMap { _ in last } + [0xFF, 0xD9]
    #expect(throws: ImageError.self) { try ImageDecoder().decode(bomb) }
  }

  @Test("a declared size beyond the limit is refused")
  func tooLarge() throws {
    let file = try JPEGWriter().encode(.drawn(width: 40, height: 30, channels: 1))
    #expect(throws: ImageError.tooLarge(.jpeg, width: 40, height: 30, maximumPixels: 1_199)) {
      try ImageDecoder().decode(file, DecodeOptions(maximumPixels: 1_199))
    }
    #expect(try ImageDecoder().decode(file, DecodeOptions(maximumPixels: 1_200)).width == 40)
  }

  @Test(
    "a file is decoded at the largest reduction that keeps the size asked for",
    arguments: [
      (80, 56, 80, 56), (41, 10, 80, 56), (40, 28, 40, 28), (20, 15, 40, 28), (20, 14, 20, 14),
      (10, 7, 10, 7),
      (1, 1, 10, 7),
    ])
  func scaled(minimumWidth: Int, minimumHeight: Int, width: Int, height: Int) throws {
    let drawn = Image(width: 80, height: 56, channels: 1, pixels: (0..<80 * 56).map { UInt8($0 % 80 * 3) })
    let file = try JPEGWriter(quality: 100).encode(drawn)
    let minimum = ImageSize(width: minimumWidth, height: minimumHeight)
    let image = try ImageDecoder().decode(file, DecodeOptions(minimumSize: minimum))
    #expect((image.width, image.height) == (width, height))
    let reference = drawn.resized(width: width, height: height)
    #expect(Self.largestDifference(image.pixels, reference.pixels) <= 3)
  }
}
