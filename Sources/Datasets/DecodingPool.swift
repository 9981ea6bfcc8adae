import Foundation
import Images

/// The result of one block of files: a finding for each file in order, and the pixels in one array.
struct BlockBuilder {
  var files: [ScannedFile] = []
  private(set) var pixels: [UInt8] = []
  private let decoder: ImageDecoder
  private let options: DatasetOptions
  private let keepsPixels: Bool
  private let block: Int32

  init(decoder: ImageDecoder, options: DatasetOptions, block: Int, keepsPixels: Bool, expected: Int) {
    self.decoder = decoder
    self.options = options
    self.block = Int32(truncatingIfNeeded: block)
    self.keepsPixels = keepsPixels
    if keepsPixels { pixels.reserveCapacity(expected) }
  }

  /// Hashes and decodes one file; a file that is no image is only listed.
  mutating func add(_ path: String, _ bytes: ArraySlice<UInt8>) {
    add(path, bytes) { (builder, file) throws(ImageError) in
      file.original = try builder.decoder.header(bytes.span).size
      builder.append(try builder.decode(bytes.span), to: &file)
    }
  }

  /// Hashes one file and reads the header of an image, without decoding it.
  mutating func list(_ path: String, _ bytes: ArraySlice<UInt8>) {
    add(path, bytes) { (builder, file) throws(ImageError) in
      let header = try builder.decoder.header(bytes.span)
      try builder.options.decoding.admit(header)
      file.original = header.size
      let size = builder.options.imageSize ?? header.size
      file.place = PixelPlace(
        width: Int32(truncatingIfNeeded: size.width), height: Int32(truncatingIfNeeded: size.height),
        channels: Int32(truncatingIfNeeded: header.channels))
    }
  }

  private mutating func add(
    _ path: String, _ bytes: ArraySlice<UInt8>,
    image: (inout BlockBuilder, inout ScannedFile) throws(ImageError) -> Void
  ) {
    var file = ScannedFile(path: path)
    file.byteCount = bytes.count
    file.digest = ContentDigest(hashing: bytes)
    file.format = ImageFormat.detect(bytes.span)
    if file.format != nil {
      do throws(ImageError) {
        try image(&self, &file)
      } catch {
        file.problem = error.description
      }
    } else if let most = BoxFormats.mostBytes(of: path), bytes.count <= most {
      file.text = Array(bytes)
    } else if let foreign = ForeignFormat.detect(bytes.span) {
      file.problem = ImageError.foreignFormat(foreign.rawValue).description
    } else if bytes.isEmpty, file.isNamedLikeAnImage {
      file.problem = ImageError.unknownFormat(firstBytes: []).description
    }
    files.append(file)
  }

  /// Adds an image that is part of a larger file.
  mutating func add(_ path: String, _ image: Image, digest: ContentDigest) {
    var file = ScannedFile(path: path)
    file.byteCount = image.pixels.count
    file.digest = digest
    file.format = .png
    file.original = ImageSize(width: image.width, height: image.height)
    append(sized(image), to: &file)
    files.append(file)
  }

  /// Adds a file that could not be read.
  mutating func add(_ path: String, problem: String) {
    var file = ScannedFile(path: path)
    file.problem = problem
    files.append(file)
  }

  private func decode(_ bytes: Span<UInt8>) throws(ImageError) -> Image {
    var decoding = options.decoding
    decoding.minimumSize = options.imageSize
    return sized(try decoder.decode(bytes, decoding))
  }

  private func sized(_ image: Image) -> Image {
    guard let size = options.imageSize, size.width != image.width || size.height != image.height else {
      return image
    }
    return image.resized(width: size.width, height: size.height)
  }

  private mutating func append(_ image: Image, to file: inout ScannedFile) {
    file.place = PixelPlace(
      block: block, width: Int32(truncatingIfNeeded: image.width),
      height: Int32(truncatingIfNeeded: image.height),
      channels: Int32(truncatingIfNeeded: image.channels), offset: pixels.count)
    if keepsPixels { pixels.append(contentsOf: image.pixels) }
    guard options.inspectsPixels else { return }
    file.pixelDigest = ContentDigest(hashing: image.pixels)
    file.isFlat = image.isFlat
  }
}

extension Image {
  /// True if every pixel is the same.
  fileprivate var isFlat: Bool {
    let values = pixels.span
    for i in stride(from: channels, to: values.count, by: 1) where values[i] != values[i - channels] {
      return false
    }
    return true
  }
}

// SAFETY: every mutable property is read and written only while `condition` is locked.

/// Threads that decode blocks of files while the caller finds the next ones.
///
/// The queue holds two blocks per thread. `submit` waits while it is full, so that an archive is never read
/// far ahead. The result is in the order of submission, independent of the threads.
final class DecodingPool: @unchecked Sendable {
  /// The work that fills a block.
  typealias Job = @Sendable (inout BlockBuilder) -> Void

  private let condition = NSCondition()
  private var queue: [(number: Int, job: Job)] = []
  private var results: [(files: [ScannedFile], pixels: [UInt8])?] = []
  private var pending = 0
  private var pixelBytes = 0
  private var fileCount = 0
  private var isClosed = false
  private let limit: Int
  private let options: DatasetOptions
  private let total: Int?

  init(_ options: DatasetOptions, total: Int? = nil) {
    self.options = options
    self.total = total
    limit = 2 * options.threads
    for number in 0..<max(1, options.threads) {
      let thread = Thread { self.work() }
      thread.name = "condense decoder \(number)"
      thread.start()
    }
  }

  /// Queues a block, waiting while the queue is full.
  func submit(_ job: @escaping Job) {
    condition.lock()
    while queue.count >= limit { condition.wait() }
    queue.append((results.count, job))
    results.append(nil)
    pending += 1
    condition.broadcast()
    condition.unlock()
  }

  /// Waits for every block, ends the threads and returns the result.
  func finish() -> Scan {
    condition.lock()
    while pending > 0 { condition.wait() }
    isClosed = true
    condition.broadcast()
    defer { condition.unlock() }
    var scan = Scan()
    scan.files.reserveCapacity(fileCount)
    var blocks: [[UInt8]] = []
    for result in results {
      scan.files.append(contentsOf: result?.files ?? [])
      blocks.append(result?.pixels ?? [])
    }
    results = []
    scan.store = keepsPixels ? .blocks(blocks) : .none
    return scan
  }

  private var keepsPixels: Bool { pixelBytes <= options.memoryLimit }

  private func work() {
    let decoder = ImageDecoder()
    var expected = 0
    condition.lock()
    while true {
      while queue.isEmpty, !isClosed { condition.wait() }
      guard !queue.isEmpty else { break }
      let (number, job) = queue.removeFirst()
      let keeps = keepsPixels
      condition.broadcast()
      condition.unlock()
      var builder = BlockBuilder(
        decoder: decoder, options: options, block: number, keepsPixels: keeps, expected: expected)
      job(&builder)
      expected = max(expected, builder.pixels.count)
      condition.lock()
      finishLocked(number, builder)
    }
    condition.unlock()
  }

  private func finishLocked(_ number: Int, _ builder: BlockBuilder) {
    pixelBytes += builder.pixels.count
    fileCount += builder.files.count
    results[number] = (builder.files, keepsPixels ? builder.pixels : [])
    if !keepsPixels { for i in results.indices { results[i]?.pixels = [] } }
    pending -= 1
    options.progress?(fileCount, total)
    condition.broadcast()
  }
}
