@testable import Images

/// A writer of every kind of PNG with stored deflate blocks, as independent truth.
struct TestPNG {
  enum Color: UInt8 {
    case grey = 0
    case rgb = 2
    case palette = 3
    case greyAlpha = 4
    case rgba = 6

    var samples: Int {
      switch self {
      case .grey, .palette: 1
      case .greyAlpha: 2
      case .rgb: 3
      case .rgba: 4
      }
    }
  }

  var width: Int
  var height: Int
  var color: Color
  var depth: Int
  var isInterlaced = false
  var palette: [[Int]] = []
  var transparency: [UInt8] = []
  /// Raw chunks between IHDR and the palette.
  var extraChunks: [(name: String, data: [UInt8])] = []
  /// The samples, row by row.
  var samples: [Int]

  func encoded() -> [UInt8] {
    var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    file += Self.chunk(
      "IHDR",
      Self.big(width) + Self.big(height) + [UInt8(depth), color.rawValue, 0, 0, isInterlaced ? 1 : 0])
    for extra in extraChunks { file += Self.chunk(extra.name, extra.data) }
    if !palette.isEmpty { file += Self.chunk("PLTE", palette.flatMap { $0.map { UInt8($0) } }) }
    if !transparency.isEmpty { file += Self.chunk("tRNS", transparency) }
    file += Self.chunk("IDAT", Self.zlib(filteredRows()))
    return file + Self.chunk("IEND", [])
  }

  private func filteredRows() -> [UInt8] {
    guard isInterlaced else { return rows(xs: Array(0..<width), ys: Array(0..<height)) }
    let passes: [(Int, Int, Int, Int)] = [
      (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2),
    ]
    return passes.flatMap { x, y, dx, dy in
      rows(xs: Array(stride(from: x, to: width, by: dx)), ys: Array(stride(from: y, to: height, by: dy)))
    }
  }

  private func rows(xs: [Int], ys: [Int]) -> [UInt8] {
    if xs.isEmpty { return [] }
    return ys.flatMap { y in
      var bits: [UInt8] = []
      for x in xs {
        for s in 0..<color.samples {
          let value = samples[(y * width + x) * color.samples + s]
          for bit in (0..<depth).reversed() { bits.append(UInt8(value >> bit & 1)) }
        }
      }
      while bits.count % 8 != 0 { bits.append(0) }
      var row: [UInt8] = [0]  // no filter
      for at in stride(from: 0, to: bits.count, by: 8) {
        row.append(bits[at..<at + 8].reduce(0) { (byte: UInt8, bit: UInt8) -> UInt8 in byte << 1 | bit })
      }
      return row
    }
  }

  static func big(_ value: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }

  static func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
    let body = Array(name.utf8) + data
    return big(data.count) + body + big(Int(crc(body)))
  }

  /// The CRC-32 of PNG's annex, computed bit by bit.
  static func crc(_ bytes: [UInt8]) -> UInt32 {
    var crc: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? 0xEDB8_8320 ^ (crc >> 1) : crc >> 1 }
    }
    return crc ^ 0xFFFF_FFFF
  }

  /// A zlib stream of stored blocks.
  static func zlib(_ data: [UInt8]) -> [UInt8] {
    var stream: [UInt8] = [0x78, 0x01]
    var at = 0
    repeat {
      let count = min(65_535, data.count - at)
      let isLast: UInt8 = at + count == data.count ? 1 : 0
      let length = UInt16(count)
      stream.append(isLast)
      for value in [length, ~length] { stream += [UInt8(value & 255), UInt8(value >> 8)] }
      stream += data[at..<at + count]
      at += count
    } while at < data.count
    var a = 1
    var b = 0
    for byte in data {
      a = (a + Int(byte)) % 65_521
      b = (b + a) % 65_521
    }
    return stream + big(b << 16 | a)
  }
}

/// A small random generator for test pictures (SplitMix64).
struct TestRandom: RandomNumberGenerator {
  var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

extension Image {
  /// A picture of smooth gradients with some noise.
  static func drawn(width: Int, height: Int, channels: Int, seed: UInt64 = 1) -> Image {
    var random = TestRandom(seed)
    var pixels: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width {
        for c in 0..<channels {
          let base = (x * (3 + c) + y * (5 - c)) % 200
          pixels.append(UInt8(base + Int.random(in: 0..<40, using: &random)))
        }
      }
    }
    return Image(width: width, height: height, channels: channels, pixels: pixels)
  }
}

extension ImageDecoder {
  /// The pixels of a file decoded into memory of the given shape.
  func pixels(of file: [UInt8], width: Int, height: Int, channels: Int) throws(ImageError) -> [UInt8] {
    var pixels = [UInt8](repeating: 0, count: width * height * channels)
    var span = pixels.mutableSpan
    try decode(file.span, into: &span, width: width, height: height, channels: channels)
    return pixels
  }
}
