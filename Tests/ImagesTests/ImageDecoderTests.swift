import Testing

@testable import Images

@Suite("Image decoder")
struct ImageDecoderTests {
  @Test("what is encoded as PNG comes back bit for bit", arguments: [1, 3], [0, 6, 9])
  func pngRoundTrip(channels: Int, level: Int) throws {
    let image = Image.drawn(width: 31, height: 18, channels: channels)
    #expect(try ImageDecoder().decode(ImageEncoder.png(image, level: level)) == image)
  }

  @Test("a header says what decoding gives")
  func header() throws {
    let image = Image.drawn(width: 31, height: 18, channels: 3)
    let decoder = ImageDecoder()
    #expect(
      try decoder.header(ImageEncoder.png(image))
        == ImageHeader(format: .png, width: 31, height: 18, channels: 3))
    #expect(
      try decoder.header(ImageEncoder.jpeg(image.converted(toChannels: 1)))
        == ImageHeader(format: .jpeg, width: 31, height: 18, channels: 1))
  }

  @Test("the kind is told by content")
  func detection() throws {
    let image = Image.drawn(width: 3, height: 3, channels: 1)
    #expect(ImageFormat.detect(try ImageEncoder.png(image)) == .png)
    #expect(ImageFormat.detect(try ImageEncoder.jpeg(image)) == .jpeg)
    for other: [UInt8] in [[], [0xFF], [0xFF, 0xD8], Array("GIF90a..".utf8)] {
      #expect(ImageFormat.detect(other) == nil)
      #expect(throws: ImageError.unknownFormat(firstBytes: other)) { try ImageDecoder().decode(other) }
    }
  }

  @Test(
    "decoding into memory of another shape equals decoding, converting and resizing", arguments: [1, 3],
    [1, 3])
  func intoMemory(stored: Int, wanted: Int) throws {
    let image = Image.drawn(width: 20, height: 14, channels: stored)
    let file = try ImageEncoder.png(image)
    let decoder = ImageDecoder()
    for (width, height) in [(20, 14), (9, 30)] {
      let pixels = try decoder.pixels(of: file, width: width, height: height, channels: wanted)
      #expect(pixels == image.converted(toChannels: wanted).resized(width: width, height: height).pixels)
    }
  }

  @Test("2,000 mutated files are refused or decoded, and the decoder serves on")
  func mutations() throws {
    let kinds = PNGDecodingTests.kinds
    var files = kinds.map { PNGDecodingTests.picture($0, 12, 11).encoded() }
    for isProgressive in [false, true] {
      for channels in [1, 3] {
        let drawn = Image.drawn(width: 24, height: 17, channels: channels)
        files.append(try JPEGWriter(isProgressive: isProgressive, restartInterval: 2).encode(drawn))
      }
    }
    let sound = try ImageDecoder().decode(files.last!)
    let decoder = ImageDecoder()
    var random = TestRandom(2_000)
    var refused = 0
    for i in 0..<2_000 {
      // Half of the files are JPEGs: they have no checksums, so damage reaches further.
      var bytes = i % 2 == 0 ? files[i / 2 % kinds.count] : files[kinds.count + i / 2 % 4]
      for _ in 0...Int.random(in: 0..<4, using: &random) {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2: bytes.remove(at: at)
        default: bytes.insert(contentsOf: [0xFF, UInt8.random(in: 0...255, using: &random)], at: at)
        }
      }
      do {
        let image = try decoder.decode(bytes, DecodeOptions(maximumPixels: 1_000_000))
        #expect(image.pixels.count == image.width * image.height * image.channels)
      } catch {
        refused += 1
        #expect(!error.description.isEmpty)
      }
    }
    #expect(refused > 1_000)
    #expect(try decoder.decode(files.last!) == sound)
  }

  @Test("every error says what was expected, what was found and what to do")
  func descriptions() {
    let errors: [(ImageError, String)] = [
      (
        .unknownFormat(firstBytes: [0x47, 0x0A]),
        "expected PNG or JPEG data, found a file that starts with 47 0a; convert or remove it"
      ),
      (
        .unknownFormat(firstBytes: []), "expected PNG or JPEG data, found an empty file; convert or remove it"
      ),
      (
        .damaged(.png, reason: "IDAT: CRC error"),
        "expected a sound PNG file, found damage: IDAT: CRC error; replace or remove it"
      ),
      (
        .tooLarge(.jpeg, width: 9, height: 8, maximumPixels: 7),
        "expected at most 7 pixels, found a JPEG header that declares 9x8; shrink the image or remove it"
      ),
      (
        .notEncodable(.png, width: 0, height: 2, reason: "both sides must be 1 to 9 pixels"),
        "an image of 0x2 cannot be written as PNG: both sides must be 1 to 9 pixels"
      ),
    ]
    for (error, text) in errors { #expect(error.description == text) }
    let empty = Image(width: 0, height: 2, channels: 1, pixels: [])
    #expect(throws: ImageError.self) { try ImageEncoder.png(empty) }
    #expect(throws: ImageError.self) { try ImageEncoder.jpeg(empty) }
  }
}
