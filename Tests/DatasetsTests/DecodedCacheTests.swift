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

  private static func write(_ name: String, _ bytes: Int, age: TimeInterval, _ cache: TemporaryFolder) throws
  {
    try cache.write(Array(repeating: 0, count: bytes), to: "decoded/\(name)")
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: -age)], ofItemAtPath: cache.path + "/decoded/" + name)
  }

  private static func names(_ cache: TemporaryFolder) throws -> Set<String> {
    Set(try files(cache).map { URL(filePath: $0).lastPathComponent })
  }

  @Test("beyond the limit the sets go that were not used for the longest time, never the new one")
  func trimming() throws {
    let folder = try TemporaryFolder()
    let cache = try TemporaryFolder()
    try TestImages.write(to: folder, parts: [""], count: 5)
    try Self.write("old.pixels", 1000, age: 300, cache)
    try Self.write("older.pixels", 1000, age: 400, cache)
    try Self.write("recent.pixels", 1000, age: 200, cache)
    var options = DatasetOptions()
    options.cacheDirectory = cache.path
    _ = try Dataset.open(folder.path, options: options)
    let new = try Self.names(cache).subtracting(["old.pixels", "older.pixels", "recent.pixels"])
    let file = cache.path + "/decoded/" + (try #require(new.first))
    let bytes = try Data(contentsOf: URL(filePath: file)).count
    let count = try Self.names(cache).count
    #expect(new.count == 1 && count == 4)
    try FileManager.default.removeItem(atPath: file)
    options.cacheLimit = bytes + 1500
    _ = try Dataset.open(folder.path, options: options)
    #expect(try Self.names(cache) == new.union(["recent.pixels"]))
    try FileManager.default.removeItem(atPath: file)
    options.cacheLimit = 0
    _ = try Dataset.open(folder.path, options: options)
    #expect(try Self.names(cache) == new)
  }

  @Test("a set that is opened again counts as used")
  func use() throws {
    let folder = try TemporaryFolder()
    let cache = try TemporaryFolder()
    try TestImages.write(to: folder, parts: [""], count: 5)
    _ = try Self.open(folder.path, cache)
    let name = try #require(try Self.names(cache).first)
    try Self.write("other.pixels", 10, age: 100, cache)
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: -1000)],
      ofItemAtPath: cache.path + "/decoded/" + name)
    _ = try Self.open(folder.path, cache)
    CacheTrimming.trim(cache.path + "/decoded", to: 1, keeping: "")
    try Self.write("other.pixels", 10, age: 100, cache)
    _ = try Self.open(folder.path, cache)
    let size = try Data(contentsOf: URL(filePath: cache.path + "/decoded/" + name)).count
    CacheTrimming.trim(cache.path + "/decoded", to: size, keeping: "")
    #expect(try Self.names(cache) == [name])
  }

  @Test("what killed processes left goes after a day, what is being written stays")
  func staleParts() throws {
    let folder = try TemporaryFolder()
    let cache = try TemporaryFolder()
    try TestImages.write(to: folder, parts: [""], count: 5)
    try Self.write("a.pixels.17.part", 10, age: 90_000, cache)
    try Self.write("b.pixels.18.part", 10, age: 80_000, cache)
    _ = try Self.open(folder.path, cache)
    let names = try Self.names(cache)
    #expect(!names.contains("a.pixels.17.part") && names.contains("b.pixels.18.part") && names.count == 2)
  }

  @Test("the limit is CONDENSE_CACHE_LIMIT in GiB, else 20 GiB")
  func limit() {
    #expect(DatasetOptions.cacheLimit(in: [:]) == 20 << 30)
    #expect(DatasetOptions.cacheLimit(in: ["CONDENSE_CACHE_LIMIT": "1.5"]) == 3 << 29)
    for text in ["-1", "nan", "inf", "much"] {
      #expect(DatasetOptions.cacheLimit(in: ["CONDENSE_CACHE_LIMIT": text]) == 20 << 30)
    }
  }

  @Test("the folder is CONDENSE_CACHE, else XDG_CACHE_HOME/condense, else ~/.cache/condense")
  func folder() {
    #expect(DatasetOptions.cacheDirectory(in: ["CONDENSE_CACHE": "/c", "HOME": "/h"]) == "/c")
    #expect(DatasetOptions.cacheDirectory(in: ["XDG_CACHE_HOME": "/x", "HOME": "/h"]) == "/x/condense")
    #expect(DatasetOptions.cacheDirectory(in: ["HOME": "/h"]) == "/h/.cache/condense")
    #expect(DatasetOptions.cacheDirectory(in: [:]) == nil)
  }
}
