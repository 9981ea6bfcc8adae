import Testing

@testable import Images

@Suite("PNG decoding")
struct PNGDecodingTests {
  struct Kind: CustomTestStringConvertible, Sendable {
    let color: UInt8
    let depth: Int
    let isInterlaced: Bool
    let hasTransparency: Bool
    var testDescription: String {
      "color \(color), \(depth) bits, Adam7 \(isInterlaced), tRNS \(hasTransparency)"
    }
  }

  static let kinds: [Kind] = {
    let depths: [(UInt8, [Int])] = [
      (0, [1, 2, 4, 8, 16]), (2, [8, 16]), (3, [1, 2, 4, 8]), (4, [8, 16]), (6, [8, 16]),
    ]
    return depths.flatMap { color, depths in
      depths.flatMap { depth in
        [false, true].flatMap { interlaced in
          (color < 4 ? [false, true] : [false]).map {
            Kind(color: color, depth: depth, isInterlaced: interlaced, hasTransparency: $0)
          }
        }
      }
    }
  }()

  @Test("every color type, depth and interlacing gives the pixels that the standard says", arguments: kinds)
  func everyKind(_ kind: Kind) throws {
    for (width, height) in [(13, 9), (1, 1), (3, 17), (32, 5)] {
      let png = Self.picture(kind, width, height)
      for background in [0, 255, 77] {
        let image = try ImageDecoder().decode(
          png.encoded(), DecodeOptions(alphaBackground: UInt8(background)))
        #expect(image == Self.expected(png, background))
      }
    }
  }

  static func picture(_ kind: Kind, _ width: Int, _ height: Int) -> TestPNG {
    var random = TestRandom(UInt64(kind.color) * 100 + UInt64(kind.depth))
    let color = TestPNG.Color(rawValue: kind.color) ?? .grey
    let top = 1 << kind.depth
    // Few values, so that a transparent one occurs, and the extremes.
    let values: [Int] = [0, top - 1, top / 2, top / 3, Int.random(in: 0..<top, using: &random)]
    let samples: [Int] = (0..<width * height * color.samples).map { _ in
      values[Int.random(in: 0..<5, using: &random)]
    }
    var png = TestPNG(
      width: width, height: height, color: color, depth: kind.depth, isInterlaced: kind.isInterlaced,
      samples: samples)
    if color == .palette {
      png.palette = (0..<top).map { _ in (0..<3).map { _ in Int.random(in: 0...255, using: &random) } }
      if kind.hasTransparency { png.transparency = (0..<top).map { UInt8($0 * 37 % 256) } }
    } else if kind.hasTransparency {
      let key: [Int] = color == .grey ? [samples[0]] : Array(samples[0..<3])
      for value in key { png.transparency += [UInt8(value >> 8), UInt8(value & 255)] }
    }
    return png
  }

  /// The expected image by the standard: scale to 8 bits, look up the palette, composite.
  static func expected(_ png: TestPNG, _ background: Int) -> Image {
    let top = (1 << png.depth) - 1
    let channels = png.color == .grey || png.color == .greyAlpha ? 1 : 3
    var key: [Int] = []
    for i in stride(from: 0, to: png.transparency.count - 1, by: 2) {
      key.append(Int(png.transparency[i]) << 8 | Int(png.transparency[i + 1]))
    }
    var pixels: [UInt8] = []
    for at in 0..<png.width * png.height {
      let raw = Array(png.samples[at * png.color.samples..<(at + 1) * png.color.samples])
      var color: [Int] = raw.prefix(channels).map { (value: Int) -> Int in (value * 255 + top / 2) / top }
      var alpha = 255
      switch png.color {
      case .palette:
        color = png.palette[raw[0]]
        if !png.transparency.isEmpty { alpha = Int(png.transparency[raw[0]]) }
      case .grey, .rgb: if !png.transparency.isEmpty && raw == key { alpha = 0 }
      case .greyAlpha, .rgba: alpha = (raw[channels] * 255 + top / 2) / top
      }
      let shining = background * (255 - alpha) + 127
      pixels += color.map { (value: Int) -> UInt8 in UInt8((value * alpha + shining) / 255) }
    }
    return Image(width: png.width, height: png.height, channels: channels, pixels: pixels)
  }

  @Test("all 65,536 values of 16 bits are rounded to 8, not cut")
  func rounding() throws {
    let png = TestPNG(width: 256, height: 256, color: .grey, depth: 16, samples: Array(0..<65_536))
    let image = try ImageDecoder().decode(png.encoded())
    let expected: [UInt8] = (0..<65_536).map { (value: Int) -> UInt8 in UInt8((value * 255 + 32_767) / 65_535)
    }
    #expect(image.pixels == expected)
  }

  @Test("gamma, color profiles and text change no pixel and condemn no file, even if nonsensical")
  func metadata() throws {
    let plain = Self.picture(Kind(color: 2, depth: 8, isInterlaced: false, hasTransparency: false), 9, 7)
    var rich = plain
    rich.extraChunks = [
      ("gAMA", TestPNG.big(12_345)), ("cHRM", [1, 2, 3]), ("sRGB", [9]),
      ("iCCP", Array("x\0\0nonsense".utf8)),
      ("tEXt", Array("Comment\0hello".utf8)), ("pHYs", [0]), ("prVt", [1, 2]),
    ]
    #expect(try ImageDecoder().decode(rich.encoded()) == ImageDecoder().decode(plain.encoded()))
  }

  @Test("a flipped bit anywhere after the signature is damage, with one decoder for all")
  func flippedBits() throws {
    var png = Self.picture(Kind(color: 0, depth: 8, isInterlaced: false, hasTransparency: false), 9, 7)
    png.extraChunks = [("tEXt", Array("Comment\0hello".utf8))]
    let file = png.encoded()
    let decoder = ImageDecoder()
    for at in 8..<file.count {
      var bytes = file
      bytes[at] ^= 0x04
      #expect(throws: ImageError.self, "byte \(at)") { try decoder.decode(bytes) }
    }
    #expect(try decoder.decode(file) == Self.expected(png, 0))
  }

  @Test("a file cut anywhere is damage; bytes after its end are not", arguments: [false, true])
  func cut(isInterlaced: Bool) throws {
    let kind = Kind(color: 6, depth: 8, isInterlaced: isInterlaced, hasTransparency: false)
    let png = Self.picture(kind, 9, 7)
    let file = png.encoded()
    let decoder = ImageDecoder()
    for count in 0..<file.count {
      #expect(throws: ImageError.self, "\(count) bytes") { try decoder.decode(Array(file[..<count])) }
    }
    #expect(try decoder.decode(file + [1, 2, 3, 0xFF]) == Self.expected(png, 0))
  }

  @Test("a wrong Adler checksum under a right CRC is damage")
  func adler() throws {
    let png = TestPNG(width: 4, height: 4, color: .grey, depth: 8, samples: Array(0..<16))
    let sound = png.encoded()
    let rows: [[UInt8]] = [[0, 0, 1, 2, 3], [0, 4, 5, 6, 7], [0, 8, 9, 10, 11], [0, 12, 13, 14, 15]]
    var stream = TestPNG.zlib(Array(rows.joined()))
    let before = Array(sound[..<33])
    #expect(before + TestPNG.chunk("IDAT", stream) + TestPNG.chunk("IEND", []) == sound)
    stream[stream.count - 1] ^= 1
    #expect(throws: ImageError.self) {
      try ImageDecoder().decode(before + TestPNG.chunk("IDAT", stream) + TestPNG.chunk("IEND", []))
    }
  }

  @Test("a declared size beyond the limit is refused before memory is taken")
  func tooLarge() throws {
    var file = TestPNG(width: 1, height: 1, color: .grey, depth: 8, samples: [0]).encoded()
    let header = TestPNG.big(2_000_000_000) + TestPNG.big(2_000_000_000) + [8, 2, 0, 0, 0]
    file.replaceSubrange(8..<33, with: TestPNG.chunk("IHDR", header))
    #expect(
      throws: ImageError.tooLarge(
        .png, width: 2_000_000_000, height: 2_000_000_000, maximumPixels: 64_000_000)
    ) { try ImageDecoder().decode(file) }
    // Even without a limit the size must not overflow.
    #expect(throws: ImageError.self) { try ImageDecoder().decode(file, DecodeOptions(maximumPixels: .max)) }
  }
}
