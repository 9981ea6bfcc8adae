/// Which test images one trial told right, and how two trials compare image by image.
struct ImageScores: Equatable {
  /// One score an image: 1 told right, 0 told wrong; in a difference of two trials -1…1.
  let values: [Int8]

  init(_ values: [Int8]) { self.values = values }

  /// The scores of a bit set: bit `i` is bit `i mod 8` of byte `i / 8`, least significant first.
  init(bits: [UInt8], images: Int) {
    precondition(bits.count * 8 >= images, "\(bits.count) bytes hold no \(images) bits")
    values = (0..<images).map { Int8(bits[$0 >> 3] >> UInt8($0 & 7) & 1) }
  }

  var mean: Double { Double(values.reduce(into: 0) { $0 += Int($1) }) / Double(max(values.count, 1)) }

  static func - (first: ImageScores, second: ImageScores) -> ImageScores {
    precondition(first.values.count == second.values.count)
    return ImageScores(zip(first.values, second.values).map { $0 - $1 })
  }
}
