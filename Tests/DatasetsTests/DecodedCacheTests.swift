import Foundation
import Images
import Testing

@testable import Datasets

@Suite("Decoded cache")
struct DecodedCacheTests {
  private static func files(_ cache: TemporaryFolder) throws -> [String] {
    let path = cache.path + "/decoded"
    guard FileManager.default.fileExists(atPath: path) else { return [] }
    return try FileManager.default.contentsOfDirectory(atPath: path).map { path + "/" + $0 }
  }

  private static func open(_ path: String, _ cache: TemporaryFolder) throws -> (Dataset, [[UInt8]]) {
    var options = DatasetOptions()
    options.cacheDirectory = cache.path
    let dataset = try Dataset.open(path, options: options)
    let reader = ImageReader(dataset)
    return (dataset, try dataset.records.indices.map { try reader.image($0, atLeast: nil).pixels })
  }

  @Test("a second opening takes the pixels from the file and finds the same")
  func reuse() throws {
    let folder = try TemporaryFolder()
    let cache = try TemporaryFolder()
    try TestImages.write(to: folder, parts: ["train", "test"], count: 5)
    let (first, pixels) = try Self.open(folder.path, cache)
    let file = try #require(try Self.files(cache).first)
    let written = try Data(contentsOf: URL(filePath: file))
    let (second, again) = try Self.open(folder.path, cache)
    #expect(pixels == again && first.digest == second.digest)
    #expect(first.records.map(\.path) == second.records.map(\.path))
    #expect(try Self.files(cache) == [file])
    #expect(try Data(contentsOf: URL(filePath: file)) == written)
  }

  @Test("it is the file that is read: a pixel changed in it shows")
  func isRead() throws {
    let folder = try TemporaryFolder()
    let cache = try TemporaryFolder()
    try TestImages.write(to: folder, parts: ["train", "test"], count: 5)
    let (_, pixels) = try Self.open(folder.path, cache)
    let file = try #require(try Self.files(cache).first)
    var bytes = try Data(contentsOf: URL(filePath: file))
    bytes[bytes.count - 1] ^= 0xFF
    try bytes.write(to: URL(filePath: file))
    let (_, changed) = try Self.open(folder.path, cache)
    #expect(changed != pixels)
  }

  @Test("a file cut, lengthened or altered in its header is not used and is replaced")
  func damage() throws {
    let folder = try TemporaryFolder()
    let cache = try TemporaryFolder()
    try TestImages.write(to: folder, parts: ["train", "test"], count: 5)
    let (_, pixels) = try Self.open(folder.path, cache)
    let file = try #require(try Self.files(cache).first)
    let sound = try Data(contentsOf: URL(filePath: file))
    var altered = sound
    altered[100] ^= 1
    for bytes in [Data(), sound.prefix(30), sound.prefix(sound.count - 1), sound + [0], altered] {
      try Data(bytes).write(to: URL(filePath: file))
      let (_, found) = try Self.open(folder.path, cache)
      #expect(found == pixels)
      #expect(try Data(contentsOf: URL(filePath: file)) == sound)
    }
  }

  @Test("a header that agrees with its checksum but not with the pixels is refused")
  func hostileHeader() throws {
    let folder = try TemporaryFolder()
    let cache = try TemporaryFolder()
    try TestImages.write(to: folder, parts: ["train", "test"], count: 5)
    _ = try Self.open(folder.path, cache)
    let file = try #require(try Self.files(cache).first)
    var options = DatasetOptions()
    options.cacheDirectory = cache.path
    let location = try DataLocation(path: folder.path)
    let decoded = try DecodedCache(location, source: "folder", options, below: cache.path)
    #expect(decoded.path == file)
    var scan = try #require(decoded.load())
    scan.files[3].place.height = 70_000
    scan.store = .blocks([Array(repeating: 0, count: 100_000)])
    #expect(decoded.store(scan) == nil)
    #expect(decoded.load() == nil)
  }

  @Test("changed data, another size and other decoding have files of their own")
  func addresses() throws {
    let folder = try TemporaryFolder()
    let cache = try TemporaryFolder()
    try TestImages.write(to: folder, parts: [""], count: 5)
    var options = DatasetOptions()
    options.cacheDirectory = cache.path
    _ = try Dataset.open(folder.path, options: options)
    options.imageSize = ImageSize(width: 4, height: 4)
    _ = try Dataset.open(folder.path, options: options)
    try folder.write(try TestImages.png(77, width: 3), to: "cat/new.png")
    let dataset = try Dataset.open(folder.path, options: options)
    #expect(try Self.files(cache).count == 3)
    #expect(dataset.records.count == 11)
  }

  @Test("an unusable cache folder is done without")
  func unusable() throws {
    let folder = try TemporaryFolder()
    try TestImages.write(to: folder, parts: [""], count: 5)
    var options = DatasetOptions()
    options.cacheDirectory = folder.path + "/cat/0.png"
    #expect(try Dataset.open(folder.path, options: options).records.count == 10)
  }

  @Test("the folder is CONDENSE_CACHE, else XDG_CACHE_HOME/condense, else ~/.cache/condense")
  func folder() {
    #expect(DatasetOptions.cacheDirectory(in: ["CONDENSE_CACHE": "/c", "HOME": "/h"]) == "/c")
    #expect(DatasetOptions.cacheDirectory(in: ["XDG_CACHE_HOME": "/x", "HOME": "/h"]) == "/x/condense")
    #expect(DatasetOptions.cacheDirectory(in: ["HOME": "/h"]) == "/h/.cache/condense")
    #expect(DatasetOptions.cacheDirectory(in: [:]) == nil)
  }
}
