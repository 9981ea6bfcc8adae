import Images

/// The source for CIFAR-10's binary version, in a folder or in the archive as distributed.
///
/// The files are `data_batch_1.bin` to `data_batch_5.bin`, `test_batch.bin` and `batches.meta.txt`.
///
/// Each record is one byte of label and 3·32·32 bytes of pixels, channel by channel.
///
/// **Paper** Krizhevsky, "Learning multiple layers of features from tiny images", 2009.
enum CIFARSource: DataSource {
  static let name = "cifar10-binary"
  private static let side = 32
  private static let recordBytes = 1 + 3 * side * side

  static func recognizes(_ location: DataLocation) -> Bool {
    location.names.contains { split(of: $0) != nil || isNames($0) }
      || location.isFolder && location.names.contains("cifar-10-batches-bin")
  }

  static func scan(_ location: DataLocation, _ options: DatasetOptions) throws(DatasetError) -> Scan {
    let files = try location.files { split(of: $0) != nil || isNames($0) }
    let names = classNames(files.first { isNames($0.name) }?.bytes ?? [])
    var options = options
    options.memoryLimit = .max
    let pool = DecodingPool(options)
    do throws(DatasetError) {
      for file in files.sorted(by: { $0.name < $1.name }) {
        guard let split = split(of: file.name) else { continue }
        try check(file.bytes, path: location.path + "/" + file.name)
        submit(file, split, names, to: pool)
      }
    } catch {
      _ = pool.finish()
      throw error
    }
    return pool.finish()
  }

  static func opener(_ location: DataLocation, _ options: DatasetOptions) -> (any MemberOpener)? { nil }

  private static func check(_ bytes: [UInt8], path: String) throws(DatasetError) {
    guard !bytes.isEmpty, bytes.count % recordBytes == 0 else {
      throw .malformed(
        path: path, expected: "records of \(recordBytes) bytes", found: "a file of \(bytes.count) bytes")
    }
    for start in stride(from: 0, to: bytes.count, by: recordBytes) where bytes[start] > 9 {
      throw .malformed(
        path: path, expected: "labels 0...9", found: "\(bytes[start]) in record \(start / recordBytes)")
    }
  }

  private static func submit(
    _ file: (name: String, bytes: [UInt8]), _ split: Split, _ names: [String], to pool: DecodingPool
  ) {
    let stem = String((file.name.split(separator: "/").last ?? "").prefix { $0 != "." })
    let count = file.bytes.count / recordBytes
    for start in stride(from: 0, to: count, by: 512) {
      pool.submit { builder in
        for i in start..<min(start + 512, count) {
          let record = file.bytes[(i * recordBytes)..<((i + 1) * recordBytes)]
          let name = names[Int(record[record.startIndex])]
          let number = String(i + 100_000).dropFirst()
          builder.add(
            "\(split.rawValue)/\(name)/\(stem)-\(number)", interleaved(record.dropFirst()),
            digest: ContentDigest(hashing: record))
        }
      }
    }
  }

  private static func interleaved(_ planes: ArraySlice<UInt8>) -> Image {
    let area = side * side
    let source = planes.span
    var pixels = [UInt8](repeating: 0, count: 3 * area)
    for p in 0..<area {
      pixels[3 * p] = source[p]
      pixels[3 * p + 1] = source[area + p]
      pixels[3 * p + 2] = source[2 * area + p]
    }
    return Image(width: side, height: side, channels: 3, pixels: pixels)
  }

  /// Returns the ten class names of `batches.meta.txt`, or the digits 0 to 9 if it does not name them.
  private static func classNames(_ text: [UInt8]) -> [String] {
    let lines = String(decoding: text.prefix(1 << 16), as: UTF8.self).split(whereSeparator: \.isWhitespace)
      .map(String.init)
    guard lines.count == 10, Set(lines).count == 10,
      lines.allSatisfy({ !$0.contains("/") && !$0.hasPrefix(".") })
    else { return (0..<10).map(String.init) }
    return lines
  }

  private static func isNames(_ path: String) -> Bool {
    path == "batches.meta.txt" || path.hasSuffix("/batches.meta.txt")
  }

  private static func split(of path: String) -> Split? {
    let name = path.split(separator: "/").last ?? ""
    if name == "test_batch.bin" { return .test }
    return name.hasPrefix("data_batch_") && name.hasSuffix(".bin") ? .train : nil
  }
}
