import Crypto
import Foundation
import Images
import Tensors

/// A cache of decoded sets, one raw file each, addressed by the source's content and the way of decoding.
///
/// The layout, with little-endian integers: `CNDPIX01`, the header's length (8 bytes), the length of the
/// pixels (8), the SHA-256 of the header (32), the header, zeros up to a multiple of 64, the pixels. The
/// header holds every file's path, digest, format, sizes and place, and the text of files that may hold
/// boxes.
///
/// The file is written under another name, flushed and renamed; a damaged one is not used. When all files
/// together exceed `DatasetOptions.cacheLimit`, the least recently used are removed.
struct DecodedCache {
  /// The path of the file.
  let path: String
  private let folder: String
  /// The most bytes that all such files may take together.
  private let limit: Int

  private static let magic = Array("CNDPIX01".utf8)
  private static let preamble = 56
  /// Raised when decoding or resizing changes pixels, so that older files are not used.
  private static let revision = 3

  /// Makes the cache entry for a location under the given options.
  init(_ location: DataLocation, source: String, _ options: DatasetOptions, below root: String)
    throws(DatasetError)
  {
    let size = options.imageSize.map { "\($0.width)x\($0.height)" } ?? "native"
    let decoding = "\(options.decoding.maximumPixels) \(options.decoding.alphaBackground)"
    let content = try CacheFiles.address(of: location)
    let key = "\(Self.revision) \(source) \(content) \(size) \(decoding)"
    let address = ContentDigest(SHA256.hash(data: Array(key.utf8))).hexadecimal
    path = try CacheFiles.path("decoded", address, below: root) + ".pixels"
    folder = root + "/decoded"
    limit = options.cacheLimit
  }

  /// Returns the cached scan, its pixels memory-mapped; `nil` if there is none or it is damaged.
  func load() -> Scan? {
    guard let data = try? Data(contentsOf: URL(filePath: path), options: .alwaysMapped) else { return nil }
    var reader = ByteReader(data)
    guard reader.bytes(8).map(Array.init) == Self.magic, let headerCount = reader.integer(8),
      let pixelCount = reader.integer(8), let digest = reader.bytes(32),
      let header = reader.bytes(headerCount),
      Array(SHA256.hash(data: header)) == Array(digest)
    else { return nil }
    let start = Self.aligned(Self.preamble + headerCount)
    guard pixelCount == data.count - start else { return nil }
    CacheTrimming.touch(path)
    return Self.scan(header: header, pixels: start..<data.count, data)
  }

  /// Writes a scan and returns it with its pixels mapped from the file; `nil` if the cache cannot be written.
  func store(_ scan: Scan) -> Scan? {
    guard case .blocks(let blocks) = scan.store else { return nil }
    let header = Self.header(scan, blocks)
    var start = ByteWriter(bytes: Self.magic)
    start.append(header.count, 8)
    start.append(blocks.reduce(0) { $0 + $1.count }, 8)
    start.append(ContentDigest(SHA256.hash(data: header)))
    start.bytes += header
    start.bytes += Array(repeating: 0, count: Self.aligned(start.bytes.count) - start.bytes.count)
    do {
      try WholeFile.publish(path) { part in
        guard FileManager.default.createFile(atPath: part, contents: nil) else {
          throw CocoaError(.fileWriteUnknown)
        }
        let file = try FileHandle(forWritingTo: URL(filePath: part))
        defer { try? file.close() }
        try file.write(contentsOf: start.bytes)
        for block in blocks where !block.isEmpty { try file.write(contentsOf: block) }
        try file.synchronize()
      }
    } catch {
      return nil
    }
    CacheTrimming.trim(folder, to: limit, keeping: path)
    return load()
  }

  private static func aligned(_ count: Int) -> Int { (count + 63) / 64 * 64 }

  private static func header(_ scan: Scan, _ blocks: [[UInt8]]) -> [UInt8] {
    var starts: [Int] = []
    var end = 0
    for block in blocks {
      starts.append(end)
      end += block.count
    }
    var header = ByteWriter(capacity: 128 * scan.files.count)
    header.append(scan.files.count, 8)
    for file in scan.files {
      header.append(file.path)
      header.append(file.problem ?? "")
      header.append(file.digest)
      let format = file.format.flatMap { ImageFormat.allCases.firstIndex(of: $0) }.map { $0 + 1 } ?? 0
      header.append(format, 1)
      header.append(file.byteCount, 8)
      header.append(file.original.width, 4)
      header.append(file.original.height, 4)
      header.append(file.text.map { $0.count + 1 } ?? 0, 8)
      header.bytes += file.text ?? []
      header.append(Int(file.place.width), 4)
      header.append(Int(file.place.height), 4)
      header.append(Int(file.place.channels), 1)
      header.append(starts.isEmpty ? 0 : starts[Int(file.place.block)] + file.place.offset, 8)
    }
    header.append(scan.folders.count, 8)
    for folder in scan.folders { header.append(folder) }
    return header.bytes
  }

  private static func scan(header: Data, pixels: Range<Int>, _ data: Data) -> Scan? {
    var reader = ByteReader(header)
    var scan = Scan()
    guard let count = reader.integer(8), count <= header.count else { return nil }
    scan.files.reserveCapacity(count)
    for _ in 0..<count {
      guard let file = reader.file(pixels: pixels) else { return nil }
      scan.files.append(file)
    }
    guard let folders = reader.integer(8), folders <= header.count else { return nil }
    for _ in 0..<folders {
      guard let folder = reader.text() else { return nil }
      scan.folders.append(folder)
    }
    scan.store = .mapped(data)
    return scan
  }
}

/// Appends values to an array of bytes.
private struct ByteWriter {
  var bytes: [UInt8]

  init(bytes: [UInt8]) { self.bytes = bytes }

  init(capacity: Int) {
    bytes = []
    bytes.reserveCapacity(capacity)
  }

  mutating func append(_ value: Int, _ count: Int) {
    for i in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * i))) }
  }

  mutating func append(_ text: String) {
    append(text.utf8.count, 4)
    bytes.append(contentsOf: text.utf8)
  }

  mutating func append(_ digest: ContentDigest) {
    digest.append(to: &bytes)
  }
}

/// Reads values from the front of bytes that may be damaged.
private struct ByteReader {
  private let data: Data
  private var position: Int

  init(_ data: Data) {
    self.data = data
    position = data.startIndex
  }

  mutating func bytes(_ count: Int) -> Data? {
    guard count >= 0, count <= data.endIndex - position else { return nil }
    defer { position += count }
    return data[position..<position + count]
  }

  mutating func integer(_ count: Int) -> Int? {
    guard count <= data.endIndex - position else { return nil }
    var value: UInt64 = 0
    for i in 0..<count { value |= UInt64(data[position + i]) << (8 * UInt64(i)) }
    position += count
    return Int(exactly: value)
  }

  mutating func text() -> String? {
    guard let count = integer(4), let bytes = bytes(count) else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }

  mutating func file(pixels: Range<Int>) -> ScannedFile? {
    guard let path = text(), let problem = text(), let digest = bytes(32), let format = integer(1),
      format <= ImageFormat.allCases.count, let byteCount = integer(8), let originalWidth = integer(4),
      let originalHeight = integer(4), let textCount = integer(8), let text = bytes(max(textCount - 1, 0)),
      let width = integer(4),
      let height = integer(4), let channels = integer(1), let offset = integer(8),
      let width = Int32(exactly: width), let height = Int32(exactly: height), channels <= 3
    else { return nil }
    var file = ScannedFile(path: path, digest: ContentDigest(digest))
    file.problem = problem.isEmpty ? nil : problem
    file.format = format == 0 ? nil : ImageFormat.allCases[format - 1]
    file.byteCount = byteCount
    file.original = ImageSize(width: originalWidth, height: originalHeight)
    file.text = textCount == 0 ? nil : Array(text)
    let (area, overflow) = Int(width).multipliedReportingOverflow(by: Int(height) * max(channels, 1))
    guard !overflow, file.format == nil || file.problem != nil || channels == 1 || channels == 3,
      offset <= pixels.count, area <= pixels.count - offset || channels == 0
    else { return nil }
    file.place = PixelPlace(
      block: 0, width: width, height: height, channels: Int32(channels), offset: pixels.lowerBound + offset)
    return file
  }
}
