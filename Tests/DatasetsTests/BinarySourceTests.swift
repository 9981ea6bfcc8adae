import Foundation
import Images
import Testing

@testable import Datasets

@Suite("IDX and CIFAR-10 binary files")
struct BinarySourceTests {
  private static var options: DatasetOptions {
    var options = DatasetOptions()
    options.cacheDirectory = nil
    options.validationFraction = 0
    return options
  }

  private static func idx(_ extents: [Int], _ values: [UInt8]) -> [UInt8] {
    let header: [UInt8] = [0, 0, 8, UInt8(extents.count)]
    return header + extents.flatMap { [0, 0, UInt8($0 >> 8), UInt8($0 & 255)] } + values
  }

  private static func gray(_ key: Int) -> [UInt8] {
    TestImages.image(key, width: 5, height: 4, channels: 1).pixels
  }

  private static func writeMNIST(to folder: TemporaryFolder) throws {
    for (name, count) in [("train", 6), ("t10k", 4)] {
      try folder.write(
        idx([count, 4, 5], (0..<count).flatMap { gray($0 + name.count) }), to: "\(name)-images-idx3-ubyte")
      try folder.write(idx([count], (0..<count).map { UInt8($0 % 2 * 3) }), to: "\(name)-labels-idx1-ubyte")
    }
  }

  private static func check(_ dataset: Dataset) throws {
    #expect(dataset.classes == ["0", "3"])
    #expect(dataset.count(of: .train) == 6 && dataset.count(of: .test) == 4)
    let reader = ImageReader(dataset)
    for (index, record) in dataset.records.enumerated() {
      let number = try #require(Int(record.path.suffix(6)))
      let image = try reader.image(index, atLeast: nil)
      #expect(image.width == 5 && image.height == 4 && image.channels == 1)
      #expect(image.pixels == gray(number + (record.split == .train ? 5 : 4)))
      #expect(record.annotation.label == number % 2)
    }
  }

  @Test("IDX files give their images and labels, plain or gzipped")
  func idx() throws {
    let folder = try TemporaryFolder()
    try Self.writeMNIST(to: folder)
    try Self.check(try Dataset.open(folder.path, options: Self.options))
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["gzip", "-r", folder.path]
    try process.run()
    process.waitUntilExit()
    #expect(FileManager.default.fileExists(atPath: folder.path + "/t10k-labels-idx1-ubyte.gz"))
    try Self.check(try Dataset.open(folder.path, options: Self.options))
  }

  @Test("IDX files that contradict themselves or each other are refused by name")
  func brokenIDX() throws {
    func message(_ name: String, _ bytes: [UInt8]) throws -> String {
      let folder = try TemporaryFolder()
      try Self.writeMNIST(to: folder)
      try folder.write(bytes, to: name)
      do {
        _ = try Dataset.open(folder.path, options: Self.options)
        return "opened"
      } catch {
        return "\(error)"
      }
    }
    let images = "train-images-idx3-ubyte"
    let labels = "train-labels-idx1-ubyte"
    #expect(try message(images, []).contains("found an empty file"))
    #expect(try message(images, [1, 2, 3]).contains("expected IDX bytes with 3 axes"))
    #expect(
      try message(images, Self.idx([6, 4, 5], [1])).contains("expected 6x4x5 bytes after the header, found 1")
    )
    #expect(try message(images, [0, 0, 8, 3] + Array(repeating: 255, count: 12)).contains("found 0"))
    #expect(try message(labels, Self.idx([2], [0, 1])).contains("expected 6 labels, one an image, found 2"))
  }

  @Test("CIFAR-10 binary records give their planes as pixels, from a folder and from the archive")
  func cifar() throws {
    let folder = try TemporaryFolder()
    var planes: [Int: [UInt8]] = [:]
    func records(_ range: Range<Int>) -> [UInt8] {
      range.flatMap { key in
        let pixels = (0..<3072).map { UInt8(truncatingIfNeeded: $0 * 3 + key * 17) }
        planes[key] = pixels
        return [UInt8(key % 2)] + pixels
      }
    }
    let names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    try folder.write(records(0..<4), to: "cifar-10-batches-bin/data_batch_1.bin")
    try folder.write(records(4..<8), to: "cifar-10-batches-bin/test_batch.bin")
    try folder.write(
      Array((names.joined(separator: "\n") + "\n").utf8), to: "cifar-10-batches-bin/batches.meta.txt")
    let archive = folder.path + ".tar.gz"
    defer { try? FileManager.default.removeItem(atPath: archive) }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["tar", "-czf", archive, "-C", folder.path, "cifar-10-batches-bin"]
    try process.run()
    process.waitUntilExit()
    for path in [folder.path, folder.path + "/cifar-10-batches-bin", archive] {
      let dataset = try Dataset.open(path, options: Self.options)
      #expect(dataset.classes == ["airplane", "automobile"])
      #expect(dataset.count(of: .train) == 4 && dataset.count(of: .test) == 4)
      let reader = ImageReader(dataset)
      for (index, record) in dataset.records.enumerated() {
        let number = try #require(Int(record.path.suffix(5)))
        let source = try #require(planes[number + (record.split == .test ? 4 : 0)])
        let image = try reader.image(index, atLeast: nil)
        for c in 0..<3 {
          #expect(
            stride(from: c, to: 3072, by: 3).map { image.pixels[$0] }
              == Array(source[(c * 1024)..<((c + 1) * 1024)]))
        }
      }
    }
  }

  @Test("a CIFAR-10 file of another length, or with a label above 9, is refused")
  func brokenCIFAR() throws {
    let folder = try TemporaryFolder()
    try folder.write(Array(repeating: 0, count: 3072), to: "data_batch_1.bin")
    #expect {
      try Dataset.open(folder.path, options: Self.options)
    } throws: { "\($0)".contains("expected records of 3073 bytes, found a file of 3072 bytes") }
    try folder.write(Array(repeating: 77, count: 3073), to: "data_batch_1.bin")
    #expect {
      try Dataset.open(folder.path, options: Self.options)
    } throws: { "\($0)".contains("expected labels 0...9, found 77 in record 0") }
  }
}
