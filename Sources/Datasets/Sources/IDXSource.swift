import Images
import Tensors

/// The source for MNIST's format, gzipped or not, in a folder or an archive.
///
/// The files are `train-images-idx3-ubyte`, `train-labels-idx1-ubyte` and the same for `t10k`.
///
/// An IDX file holds two zero bytes, the type (8: unsigned byte), the number of axes, the extents as
/// big-endian 32-bit integers, then the values.
enum IDXSource: DataSource {
  static let name = "idx"

  static func recognizes(_ location: DataLocation) -> Bool {
    let parts = location.names.compactMap(Part.init)
    return parts.contains { $0.isImages } && (!location.isFolder || parts.contains { !$0.isImages })
  }

  static func scan(_ location: DataLocation, _ options: DatasetOptions) throws(DatasetError) -> Scan {
    let files = try location.files { Part($0) != nil }
    var options = options
    options.memoryLimit = .max
    let pool = DecodingPool(options)
    do throws(DatasetError) {
      for split in [Split.train, .test] {
        let images = files.filter { Part($0.name) == Part(split: split, isImages: true) }
        let labels = files.filter { Part($0.name) == Part(split: split, isImages: false) }
        guard !images.isEmpty || !labels.isEmpty else { continue }
        guard images.count == 1, labels.count == 1 else {
          throw .malformed(
            path: location.path, expected: "one file of images and one of labels for \(split.rawValue)",
            found: "\(images.count) and \(labels.count)")
        }
        try submit(images[0], labels[0], split, location, to: pool)
      }
    } catch {
      _ = pool.finish()
      throw error
    }
    return pool.finish()
  }

  static func opener(_ location: DataLocation, _ options: DatasetOptions) -> (any MemberOpener)? { nil }

  private static func submit(
    _ images: (name: String, bytes: [UInt8]), _ labels: (name: String, bytes: [UInt8]), _ split: Split,
    _ location: DataLocation, to pool: DecodingPool
  ) throws(DatasetError) {
    let extents = try header(images.bytes, axes: 3, path: location.path + "/" + images.name)
    let count = try header(labels.bytes, axes: 1, path: location.path + "/" + labels.name)[0]
    guard count == extents[0] else {
      throw .malformed(
        path: location.path + "/" + labels.name, expected: "\(extents[0]) labels, one an image",
        found: "\(count)")
    }
    let digits = String(labels.bytes[8...].max() ?? 0).count
    let (height, width) = (extents[1], extents[2])
    for start in stride(from: 0, to: count, by: 1024) {
      pool.submit { builder in
        for i in start..<min(start + 1024, count) {
          let pixels = images.bytes[(16 + i * height * width)..<(16 + (i + 1) * height * width)]
          let label = padded(Int(labels.bytes[8 + i]), digits)
          builder.add(
            "\(split.rawValue)/\(label)/\(padded(i, 6))",
            Image(width: width, height: height, channels: 1, pixels: Array(pixels)),
            digest: ContentDigest(hashing: pixels))
        }
      }
    }
  }

  /// Returns the extents in a file's header; throws unless the file's length is exactly theirs.
  private static func header(_ bytes: [UInt8], axes: Int, path: String) throws(DatasetError) -> [Int] {
    guard bytes.count >= 4 + 4 * axes, bytes[0] == 0, bytes[1] == 0, bytes[2] == 8, bytes[3] == axes else {
      throw .malformed(
        path: path, expected: "IDX bytes with \(axes) axes (it starts 00 00 08 0\(axes))",
        found: bytes.isEmpty ? "an empty file" : "a start of \(bytes.prefix(4).hexadecimal)")
    }
    let extents = (0..<axes).map { axis in
      bytes[(4 + 4 * axis)..<(8 + 4 * axis)].reduce(0) { $0 << 8 | Int($1) }
    }
    var product = 1
    for extent in extents {
      let (value, overflow) = product.multipliedReportingOverflow(by: extent)
      product = overflow ? .max : value
    }
    guard product == bytes.count - 4 - 4 * axes, extents.allSatisfy({ $0 > 0 }) else {
      throw .malformed(
        path: path, expected: "\(extents.map(String.init).joined(separator: "x")) bytes after the header",
        found: "\(bytes.count - 4 - 4 * axes)")
    }
    return extents
  }

  private static func padded(_ value: Int, _ digits: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }

  /// The role of a file, by its name.
  private struct Part: Equatable {
    var split: Split
    var isImages: Bool

    init(split: Split, isImages: Bool) {
      self.split = split
      self.isImages = isImages
    }

    init?(_ path: String) {
      let name = path.lowercased().split(separator: "/").last ?? ""
      guard name.contains("ubyte") else { return nil }
      if name.contains("idx3") {
        isImages = true
      } else if name.contains("idx1") {
        isImages = false
      } else {
        return nil
      }
      if name.contains("train") {
        split = .train
      } else if name.contains("t10k") || name.contains("test") {
        split = .test
      } else {
        return nil
      }
    }
  }
}
