import Testing

@testable import Images

@Suite("EXIF orientation")
struct OrientationTests {
  /// An EXIF segment with an unrelated first tag and the orientation.
  static func segment(_ value: Int, bigEndian: Bool) -> [UInt8] {
    func short(_ v: Int) -> [UInt8] {
      bigEndian ? [UInt8(v >> 8), UInt8(v & 255)] : [UInt8(v & 255), UInt8(v >> 8)]
    }
    func long(_ v: Int) -> [UInt8] { bigEndian ? short(0) + short(v) : short(v) + short(0) }
    let parts: [[UInt8]] = [
      Array("Exif\0\0".utf8), Array((bigEndian ? "MM" : "II").utf8), short(42), long(8), short(2),
      short(0x0100), short(4), long(1), long(99),
      short(0x0112), short(3), long(1), short(value), short(0), long(0),
    ]
    let payload = Array(parts.joined())
    let length = payload.count + 2
    return [0xFF, 0xE1, UInt8(length >> 8), UInt8(length & 255)] + payload
  }

  static func inserting(_ segment: [UInt8], into file: [UInt8]) -> [UInt8] {
    Array(file[..<2]) + segment + Array(file[2...])
  }

  /// A black 24x16 picture with three bright blocks.
  ///
  /// Their values are 250 at the first row's first column, 170 at its last column, and 90 at the last row's
  /// first column.
  static let stored: Image = {
    var image = Image(width: 24, height: 16, channels: 1, pixels: [UInt8](repeating: 0, count: 24 * 16))
    for y in 0..<8 {
      for x in 0..<8 {
        image.pixels[y * 24 + x] = 250
        image.pixels[y * 24 + 16 + x] = 170
        image.pixels[(y + 8) * 24 + x] = 90
      }
    }
    return image
  }()

  /// The positions of the 0th row and the 0th column according to the standard (EXIF 2.3, tag 0x0112).
  static let seen: [(value: Int, row: String, column: String)] = [
    (1, "top", "left"), (2, "top", "right"), (3, "bottom", "right"), (4, "bottom", "left"),
    (5, "left", "top"),
    (6, "right", "top"), (7, "right", "bottom"), (8, "left", "bottom"),
  ]

  @Test("all eight values put the first row and column where the standard says", arguments: [false, true])
  func allValues(bigEndian: Bool) throws {
    let file = try JPEGWriter(quality: 100).encode(Self.stored)
    for (value, row, column) in Self.seen {
      let turned = Self.inserting(Self.segment(value, bigEndian: bigEndian), into: file)
      let image = try ImageDecoder().decode(turned)
      let header = try ImageDecoder().header(turned)
      let swaps = row == "left" || row == "right"
      #expect((image.width, image.height) == (swaps ? (16, 24) : (24, 16)))
      #expect((header.width, header.height) == (image.width, image.height))
      func level(_ vertical: String, _ horizontal: String) -> Int {
        let y = vertical == "top" ? 3 : image.height - 4
        let x = horizontal == "left" ? 3 : image.width - 4
        return Int(image.pixels[y * image.width + x])
      }
      let opposite = ["top": "bottom", "bottom": "top", "left": "right", "right": "left"]
      func corner(_ row: String, _ column: String) -> Int { swaps ? level(column, row) : level(row, column) }
      #expect(abs(corner(row, column) - 250) <= 3, "value \(value)")
      #expect(abs(corner(row, opposite[column]!) - 170) <= 3, "value \(value)")
      #expect(abs(corner(opposite[row]!, column) - 90) <= 3, "value \(value)")
    }
  }

  @Test("decoding in place turns the picture too")
  func inPlace() throws {
    let file = try JPEGWriter().encode(.drawn(width: 16, height: 16, channels: 3))
    let turned = Self.inserting(Self.segment(6, bigEndian: true), into: file)
    let pixels = try ImageDecoder().pixels(of: turned, width: 16, height: 16, channels: 3)
    #expect(try ImageDecoder().decode(turned).pixels == pixels)
    #expect(try ImageDecoder().decode(file).pixels != pixels)
  }

  @Test("malformed EXIF is harmless: the picture is upright or turned, and whole")
  func malformed() throws {
    let file = try JPEGWriter(quality: 100).encode(Self.stored)
    let upright = try ImageDecoder().decode(file)
    let sound = Self.segment(6, bigEndian: true)
    for value in [0, 9, 255, 65_535] {
      let odd = Self.inserting(Self.segment(value, bigEndian: true), into: file)
      #expect(try ImageDecoder().decode(odd) == upright)
    }
    var random = TestRandom(7)
    for _ in 0..<500 {
      var segment = sound
      for _ in 0..<3 {
        segment[Int.random(in: 4..<segment.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      let image = try ImageDecoder().decode(Self.inserting(segment, into: file))
      #expect(image.pixels.count == upright.pixels.count)
    }
  }
}
