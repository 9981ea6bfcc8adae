import Crypto
import Foundation
import Images
import Testing

@testable import Datasets

@Suite("Checking a data set")
struct DatasetCheckTests {
  private static func kinds(_ check: DatasetCheck) -> [String: FileProblem.Kind] {
    Dictionary(check.problems.map { ($0.file, $0.kind) }, uniquingKeysWith: { first, _ in first })
  }

  @Test("a clean data set has no problems, and every image its pixels' SHA-256")
  func clean() throws {
    let folder = try TemporaryFolder()
    try TestImages.write(to: folder, parts: ["train", "test"], count: 4)
    try folder.write(Array("about".utf8), to: "README.md")
    try folder.write(Array("about".utf8), to: "train/notes/about.xml")
    let check = try DatasetCheck(folder.path)
    #expect(check.problems.isEmpty && check.classes == ["cat", "dog"] && check.pixels.count == 16)
    let first = try #require(check.pixels.first { $0.file == "train/cat/0.png" })
    let expected = SHA256.hash(data: TestImages.image(1).pixels).map { byte in
      (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
    #expect(first.sha256 == expected && first.width == 8 && first.height == 8 && first.channels == 3)
  }

  @Test("every kind of problem is found, and nothing else")
  func kinds() throws {
    let folder = try TemporaryFolder()
    try TestImages.write(to: folder, parts: ["train", "test"], count: 20)
    let good = try TestImages.png(7)
    try folder.write(Array(good.dropLast(20)), to: "train/cat/cut.png")
    try folder.write([], to: "train/cat/none.jpg")
    try folder.write(try ImageEncoder.jpeg(TestImages.image(300)), to: "train/dog/really-jpeg.png")
    try folder.write(try TestImages.png(1), to: "train/cat/again.png")
    try folder.write(try TestImages.png(2), to: "test/cat/seen.png")
    try folder.write(try TestImages.png(301, width: 30), to: "train/dog/wide.png")
    try folder.write(try TestImages.png(302, channels: 1), to: "train/dog/gray.png")
    let flat = Image(width: 8, height: 8, channels: 3, pixels: Array(repeating: 9, count: 192))
    try folder.write(try ImageEncoder.png(flat), to: "train/dog/flat.png")
    try FileManager.default.createDirectory(
      atPath: folder.path + "/train/eel", withIntermediateDirectories: true)
    let check = try DatasetCheck(folder.path)
    let expected: [String: FileProblem.Kind] = [
      "train/cat/cut.png": .unreadable, "train/cat/none.jpg": .unreadable,
      "train/dog/really-jpeg.png": .misnamed,
      "train/cat/again.png": .duplicate, "train/cat/1.png": .leak, "train/dog/wide.png": .odd,
      "train/dog/gray.png": .odd, "train/dog/flat.png": .odd, "train/eel": .odd,
    ]
    #expect(Self.kinds(check) == expected)
    let leak = try #require(check.problems.first { $0.kind == .leak })
    #expect(leak.reason.hasPrefix("LEAK") && leak.reason.contains("test/cat/seen.png"))
  }

  @Test("ten thousand copies and a thousand empty classes are told without waiting")
  func manyCopies() throws {
    let folder = try TemporaryFolder()
    let flat = Image(width: 1, height: 1, channels: 1, pixels: [9])
    let png = try ImageEncoder.png(flat)
    for part in 0..<100 {
      for file in 0..<100 { try folder.write(png, to: "train/c\(part)/\(file).png") }
    }
    try folder.write(png, to: "test/c0/seen.png")
    for part in 0..<1000 {
      try FileManager.default.createDirectory(
        atPath: folder.path + "/train/empty\(part)", withIntermediateDirectories: true)
    }
    let clock = ContinuousClock()
    var options = DatasetOptions()
    options.threads = 1
    var check: DatasetCheck?
    let time = try clock.measure { check = try DatasetCheck(folder.path, options: options) }
    let kinds = Dictionary(grouping: check?.problems ?? [], by: \.kind).mapValues(\.count)
    #expect(kinds[.leak] == 10_000 && kinds[.duplicate] == nil && kinds[.odd] == 10_001 + 1000)
    #expect(time < .seconds(20))
  }

  @Test("the same pixels in another format are a duplicate too")
  func formats() throws {
    let folder = try TemporaryFolder()
    try TestImages.write(to: folder, parts: ["train", "test"], count: 4)
    let jpeg = try ImageEncoder.jpeg(TestImages.image(50))
    let decoded = try ImageDecoder().decode(jpeg)
    try folder.write(jpeg, to: "train/cat/a.jpg")
    try folder.write(try ImageEncoder.png(decoded), to: "train/dog/b.png")
    let check = try DatasetCheck(folder.path)
    #expect(check.problems.map(\.kind) == [.duplicate])
    #expect(check.problems[0].reason.contains("of another class"))
  }

  @Test("images without any class folder are still decoded, and the structure is told as odd")
  func flatFolder() throws {
    let folder = try TemporaryFolder()
    for key in 0..<5 { try folder.write(try TestImages.png(key), to: "\(key).PNG") }
    try folder.write(Array("x".utf8), to: "broken.JPG")
    let check = try DatasetCheck(folder.path)
    #expect(check.pixels.count == 5 && check.classes.isEmpty)
    #expect(Self.kinds(check) == ["broken.JPG": .unreadable, folder.path: .odd])
  }

  @Test("what cannot be read at all is one unreadable file, so that a report can still be written")
  func unreadable() throws {
    let folder = try TemporaryFolder()
    try folder.write([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3], to: "cut.tar.gz")
    try folder.write(Array("hello".utf8), to: "notes.txt")
    for name in ["cut.tar.gz", "notes.txt"] {
      let check = try DatasetCheck(folder.path + "/" + name)
      #expect(check.pixels.isEmpty && check.classes.isEmpty)
      #expect(Self.kinds(check) == [folder.path + "/" + name: .unreadable])
      #expect(check.problems.count == 1 && check.problems[0].reason.contains("archive"))
    }
    #expect(throws: DatasetError.self) { try DatasetCheck(folder.path + "/nowhere") }
  }

  @Test("a summary counts classes, splits and shapes")
  func summary() throws {
    let folder = try TemporaryFolder()
    try TestImages.write(to: folder, parts: ["train", "test"], count: 20)
    try folder.write(try TestImages.png(301, width: 30), to: "train/dog/wide.png")
    var options = DatasetOptions()
    options.cacheDirectory = nil
    let summary = try DatasetSummary(try Dataset.open(folder.path, options: options))
    #expect(summary.counts[0] == [.train: 18, .validation: 2, .test: 20])
    #expect(summary.counts[1] == [.train: 19, .validation: 2, .test: 20])
    #expect(summary.sizes.map(\.count) == [80, 1])
    #expect(summary.shape == InputShape(channels: 3, height: 8, width: 8))
  }

  @Test("a contact sheet has a row a class and shows the images")
  func sheet() throws {
    let folder = try TemporaryFolder()
    try TestImages.write(to: folder, parts: [""], classes: ["a", "b", "c"], count: 5)
    var options = DatasetOptions()
    options.cacheDirectory = nil
    let dataset = try Dataset.open(folder.path, options: options)
    var sheet = ContactSheet()
    sheet.columns = 4
    sheet.tile = 8
    let image = try sheet.image(of: dataset)
    #expect(image.width == 4 * 12 + 4 && image.height == 3 * 12 + 4)
    let reader = ImageReader(dataset)
    var tile: [UInt8] = []
    for y in 4..<12 {
      let start = (y * image.width + 4) * 3
      tile += image.pixels[start..<start + 24]
    }
    let candidates = try dataset.records.indices.filter { dataset.records[$0].annotation.label == 0 }.map {
      try reader.image($0, atLeast: nil).pixels
    }
    #expect(candidates.contains(tile))
  }
}
