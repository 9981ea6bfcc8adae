import Testing

@testable import Images

@Suite("Images that other readers accept")
struct ToleratedTests {
  @Test("bytes before a JPEG's next marker change no pixel")
  func extraneous() throws {
    let file = try JPEGWriter().encode(.drawn(width: 40, height: 24, channels: 3))
    let odd = Array(file.dropLast(2)) + [0x12, 0x34, 0x56, 0x78] + file.suffix(2)
    #expect(try ImageDecoder().decode(odd) == ImageDecoder().decode(file))
  }

  /// A directory entry with orientation 6 in some type, followed by bytes that the value may refer to.
  static func tiff(type: Int, bigEndian: Bool, count: Int = 1, value: [UInt8], behind: [UInt8] = [])
    -> [UInt8]
  {
    func number(_ value: Int, _ bytes: Int) -> [UInt8] {
      let little = (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
      return bigEndian ? little.reversed() : little
    }
    let parts: [[UInt8]] = [
      Array((bigEndian ? "MM" : "II").utf8), number(42, 2), number(8, 4), number(1, 2), number(0x0112, 2),
      number(type, 2), number(count, 4), value + Array(repeating: 0, count: 4 - value.count), number(0, 4),
      behind,
    ]
    return Array(parts.joined())
  }

  /// Orientation 6 in every numeric type; rationals and doubles follow the directory, at offset 26.
  static func kinds(bigEndian: Bool) -> [[UInt8]] {
    func order(_ little: [UInt8]) -> [UInt8] { bigEndian ? little.reversed() : little }
    let place = order([26, 0, 0, 0])
    return [1, 6].map { tiff(type: $0, bigEndian: bigEndian, value: [6]) }
      + [3, 8].map { tiff(type: $0, bigEndian: bigEndian, value: order([6, 0])) }
      + [4, 9].map { tiff(type: $0, bigEndian: bigEndian, value: order([6, 0, 0, 0])) }
      + [5, 10].map {
        tiff(
          type: $0, bigEndian: bigEndian, value: place, behind: order([12, 0, 0, 0]) + order([2, 0, 0, 0]))
      }
      + [
        tiff(type: 11, bigEndian: bigEndian, value: order([0, 0, 0xC0, 0x40])),
        tiff(type: 12, bigEndian: bigEndian, value: place, behind: order([0, 0, 0, 0, 0, 0, 0x18, 0x40])),
      ]
  }

  static func segment(_ tiff: [UInt8]) -> [UInt8] {
    [0xFF, 0xE1, 0, UInt8(tiff.count + 8)] + Array("Exif\0\0".utf8) + tiff
  }

  @Test("an orientation counts in every numeric type, in JPEG and PNG", arguments: [false, true])
  func orientations(bigEndian: Bool) throws {
    let drawn = Image.drawn(width: 16, height: 8, channels: 3)
    let jpeg = try JPEGWriter().encode(drawn)
    let png = try ImageEncoder.png(drawn)
    let decoder = ImageDecoder()
    let upright = (try decoder.decode(jpeg), try decoder.decode(png))
    for tiff in Self.kinds(bigEndian: bigEndian) {
      let turned = try decoder.decode(OrientationTests.inserting(Self.segment(tiff), into: jpeg))
      #expect(turned == upright.0.uprighted(from: .turnedRight))
      for chunk in [tiff, Array("Exif\0\0".utf8) + tiff] {
        for at in [33, png.count - 12] {  // before and behind the pixels
          let file = Array(png[..<at]) + TestPNG.chunk("eXIf", chunk) + png[at...]
          #expect(try decoder.decode(file) == upright.1.uprighted(from: .turnedRight))
          let header = try decoder.header(file)
          #expect(header.width == 8 && header.height == 16)
          let placed = try decoder.pixels(of: file, width: 8, height: 16, channels: 3)
          #expect(placed == upright.1.uprighted(from: .turnedRight).pixels)
        }
      }
    }
    let two = Self.tiff(type: 3, bigEndian: bigEndian, count: 2, value: bigEndian ? [0, 6] : [6, 0])
    #expect(try decoder.decode(OrientationTests.inserting(Self.segment(two), into: jpeg)) == upright.0)
  }

  @Test("other formats are refused by their names")
  func foreign() {
    let starts: [(String, [UInt8])] = [
      ("GIF", Array("GIF89a".utf8)), ("TIFF", [0x49, 0x49, 42, 0]), ("TIFF", [0x4D, 0x4D, 0, 42]),
      ("WebP", Array("RIFF1234WEBP".utf8)),
      ("BMP", Array("BM".utf8) + Array(repeating: 0, count: 12) + [40, 0, 0, 0]),
      ("HEIF or AVIF", [0, 0, 0, 32] + Array("ftypavif".utf8)),
    ]
    for (name, bytes) in starts {
      #expect(throws: ImageError.foreignFormat(name)) { try ImageDecoder().decode(bytes) }
    }
    #expect(ForeignFormat.detect(Array("BMW is a maker of cars and so on".utf8).span) == nil)
  }
}
