import Foundation
import Images
import Testing

@testable import Datasets

@Suite("Opening a data set")
struct OpeningTests {
  private static func options(_ change: (inout DatasetOptions) -> Void = { _ in }) -> DatasetOptions {
    var options = DatasetOptions()
    options.cacheDirectory = nil
    change(&options)
    return options
  }

  /// Packs the content of a folder with the system's tar.
  private static func pack(_ folder: TemporaryFolder, flags: String, as name: String) throws -> String {
    let target = folder.path + "-" + name
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["tar", flags, target, "-C", folder.path, "."]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return target
  }

  private static func pixels(_ dataset: Dataset) throws -> [String: [UInt8]] {
    let reader = ImageReader(dataset)
    var found: [String: [UInt8]] = [:]
    for (index, record) in dataset.records.enumerated() {
      found[record.path] = try reader.image(index, atLeast: nil).pixels
    }
    return found
  }

  @Test("given splits are kept, and validation is taken from training by class")
  func givenSplits() throws {
    let folder = try TemporaryFolder()
    try TestImages.write(to: folder, parts: ["train", "test"], count: 20)
    let dataset = try Dataset.open(folder.path, options: Self.options())
    #expect(dataset.classes == ["cat", "dog"])
    #expect(
      dataset.count(of: .train) == 36 && dataset.count(of: .validation) == 4 && dataset.count(of: .test) == 40
    )
    for label in 0..<2 {
      let validation = dataset.indices(of: .validation).filter {
        dataset.records[$0].annotation.label == label
      }
      #expect(validation.count == 2)
    }
    #expect(dataset.indices(of: .test).allSatisfy { dataset.records[$0].path.hasPrefix("test/") })
    #expect(dataset.splitDescription.isGiven && dataset.splitDescription.validationFraction == 0.1)
    #expect(dataset.uniformShape == InputShape(channels: 3, height: 8, width: 8))
    let whole = try Dataset.open(folder.path, options: Self.options { $0.validationFraction = 0 })
    #expect(whole.count(of: .train) == 40 && whole.count(of: .validation) == 0)
  }

  @Test("names of split folders count in any case", arguments: ["val", "valid", "Validation"])
  func validationNames(_ name: String) throws {
    let folder = try TemporaryFolder()
    try TestImages.write(to: folder, parts: ["Train", name, "TEST"], count: 3)
    let dataset = try Dataset.open(folder.path, options: Self.options())
    for split in Split.allCases { #expect(dataset.count(of: split) == 6) }
    #expect(dataset.splitDescription.validationFraction == 0)
  }

  @Test("without splits it is 80/10/10 by class, the same again, and another with another seed")
  func derivedSplits() throws {
    let folder = try TemporaryFolder()
    try TestImages.write(to: folder, parts: [""], count: 40)
    let dataset = try Dataset.open(folder.path, options: Self.options())
    #expect(
      dataset.count(of: .train) == 64 && dataset.count(of: .validation) == 8 && dataset.count(of: .test) == 8)
    for split in [Split.validation, .test] {
      let labels = dataset.indices(of: split).map { dataset.records[$0].annotation.label }
      #expect(labels.filter { $0 == 0 }.count == 4)
    }
    let again = try Dataset.open(folder.path, options: Self.options())
    let other = try Dataset.open(folder.path, options: Self.options { $0.seed = 1 })
    func test(_ set: Dataset) -> [String] { set.indices(of: .test).map { set.records[$0].path } }
    #expect(test(again) == test(dataset) && test(other) != test(dataset))
    #expect(!dataset.splitDescription.isGiven)
    #expect(
      dataset.messages.contains { $0.contains("the data has no splits: 10.0 % test and 10.0 % validation") })
  }

  @Test("a derived split of an image does not depend on other classes")
  func stableSplits() throws {
    let small = try TemporaryFolder()
    try TestImages.write(to: small, parts: [""], count: 30)
    let large = try TemporaryFolder()
    try TestImages.write(to: large, parts: [""], classes: ["ant", "cat", "dog"], count: 30)
    func splits(_ path: String) throws -> [String: Split] {
      let set = try Dataset.open(path, options: Self.options())
      return Dictionary(uniqueKeysWithValues: set.records.map { ($0.path, $0.split) })
    }
    let first = try splits(small.path)
    let second = try splits(large.path)
    for (path, split) in first { #expect(second[path] == split) }
  }

  @Test("folder, tar and tar.gz give equal pixels, order and digest, also below one more folder")
  func containers() throws {
    let folder = try TemporaryFolder()
    try TestImages.write(to: folder, parts: ["train", "test"], count: 6)
    try folder.write([1, 2, 3], to: ".hidden.png")
    try folder.write([1, 2, 3], to: "train/cat/Thumbs.db")
    try folder.write([1, 2, 3], to: "__MACOSX/train/cat/._1.png")
    try folder.write(Array("about".utf8), to: "README.md")
    let expected = try Dataset.open(folder.path, options: Self.options())
    let nested = try TemporaryFolder()
    try FileManager.default.copyItem(atPath: folder.path, toPath: nested.path + "/photos")
    var paths = [nested.path]
    for (flags, name) in [("-cf", "a.tar"), ("-czf", "a.tgz")] {
      paths.append(try Self.pack(folder, flags: flags, as: name))
      paths.append(try Self.pack(nested, flags: flags, as: "nested-" + name))
    }
    defer { for path in paths.dropFirst() { try? FileManager.default.removeItem(atPath: path) } }
    let pixels = try Self.pixels(expected)
    #expect(pixels.count == 24 && expected.problems.isEmpty)
    for path in paths {
      let dataset = try Dataset.open(path, options: Self.options())
      #expect(dataset.digest == expected.digest)
      let prefix = path.contains("nested") || path == nested.path ? "photos/" : ""
      #expect(dataset.records.map(\.path) == expected.records.map { prefix + $0.path })
      let found = try Self.pixels(dataset)
      for (name, values) in pixels { #expect(found[prefix + name] == values) }
    }
  }

  @Test("a zip gives the folder's pixels and digest, held in memory or decoded again")
  func zip() throws {
    let folder = try TemporaryFolder()
    try TestImages.write(to: folder, parts: ["train", "test"], count: 4)
    let expected = try Dataset.open(folder.path, options: Self.options())
    let members = try FolderListing(folder.path).files.map { name in
      (name: name, bytes: [UInt8](try Data(contentsOf: URL(filePath: folder.path + "/" + name))))
    }
    let other = try TemporaryFolder()
    try other.write(StoredZip.bytes(members), to: "set.zip")
    let cache = try TemporaryFolder()
    let pixels = try Self.pixels(expected)
    for limit in [1 << 30, 1000] {
      let dataset = try Dataset.open(
        other.path + "/set.zip",
        options: Self.options {
          $0.memoryLimit = limit
          if limit == 1000 { $0.cacheDirectory = cache.path }
        })
      #expect(dataset.isStreamed == (limit == 1000))
      #expect(dataset.digest == expected.digest)
      let found = try Self.pixels(dataset)
      #expect(found == pixels)
    }
  }

  @Test("the digest changes with one byte of one image and with a file's class")
  func digest() throws {
    let folder = try TemporaryFolder()
    try TestImages.write(to: folder, parts: [""], count: 3)
    let before = try Dataset.open(folder.path, options: Self.options()).digest
    try folder.write(try TestImages.png(99), to: "cat/0.png")
    let changed = try Dataset.open(folder.path, options: Self.options()).digest
    try FileManager.default.moveItem(atPath: folder.path + "/cat/0.png", toPath: folder.path + "/dog/9.png")
    let moved = try Dataset.open(folder.path, options: Self.options()).digest
    #expect(Set([before, changed, moved]).count == 3)
  }

  @Test("bad files stop with their list, or are left out and told")
  func badFiles() throws {
    let folder = try TemporaryFolder()
    try TestImages.write(to: folder, parts: [""], count: 10)
    let good = try TestImages.png(5)
    try folder.write(Array(good.prefix(good.count / 2)), to: "cat/cut.png")
    try folder.write(Array("hello".utf8), to: "dog/text.jpg")
    #expect {
      try Dataset.open(folder.path, options: Self.options())
    } throws: { error in
      let text = "\(error)"
      return text.contains("2 files cannot be read") && text.contains("cat/cut.png")
        && text.contains("dog/text.jpg")
        && text.contains("--skip-bad")
    }
    let dataset = try Dataset.open(folder.path, options: Self.options { $0.skipBad = true })
    #expect(dataset.records.count == 20)
    #expect(dataset.problems.map(\.file) == ["cat/cut.png", "dog/text.jpg"])
  }

  @Test("images of another size are brought to the wanted one while they are decoded")
  func resizing() throws {
    let folder = try TemporaryFolder()
    try TestImages.write(to: folder, parts: [""], count: 3)
    try folder.write(try TestImages.png(70, width: 20, height: 11), to: "cat/wide.png")
    let native = try Dataset.open(folder.path, options: Self.options())
    #expect(native.uniformShape == nil)
    let dataset = try Dataset.open(
      folder.path, options: Self.options { $0.imageSize = ImageSize(width: 8, height: 8) })
    #expect(dataset.uniformShape == InputShape(channels: 3, height: 8, width: 8))
    let pixels = try Self.pixels(dataset)
    #expect(
      pixels["cat/wide.png"]
        == TestImages.image(70, width: 20, height: 11).resized(width: 8, height: 8).pixels)
    #expect(dataset.digest == native.digest)
  }

  @Test(
    "a set beyond the memory limit is decoded again from where it lies", arguments: ["", "a.tar", "a.tgz"])
  func streamed(_ name: String) throws {
    let folder = try TemporaryFolder()
    try TestImages.write(to: folder, parts: ["train", "test"], count: 6)
    let cache = try TemporaryFolder()
    let path =
      name.isEmpty ? folder.path : try Self.pack(folder, flags: name == "a.tar" ? "-cf" : "-czf", as: name)
    defer { if !name.isEmpty { try? FileManager.default.removeItem(atPath: path) } }
    let held = try Dataset.open(path, options: Self.options())
    let streamed = try Dataset.open(
      path,
      options: Self.options {
        $0.memoryLimit = 1000
        $0.cacheDirectory = cache.path
      })
    #expect(streamed.isStreamed && !held.isStreamed)
    #expect(streamed.digest == held.digest)
    let expected = try Self.pixels(held)
    let found = try Self.pixels(streamed)
    #expect(found == expected)
    let input = InputShape(channels: 3, height: 8, width: 8)
    let one = try held.statistics(input: input)
    let two = try streamed.statistics(input: input)
    #expect(one == two)
  }

  @Test("statistics are the mean and deviation over all training pixels")
  func statistics() throws {
    let folder = try TemporaryFolder()
    try TestImages.write(to: folder, parts: ["train", "test"], count: 4)
    let dataset = try Dataset.open(folder.path, options: Self.options { $0.validationFraction = 0 })
    let found = try dataset.statistics(input: InputShape(channels: 3, height: 8, width: 8))
    let images = (1...8).map { TestImages.image($0) }
    for channel in 0..<3 {
      let values = images.flatMap { image in
        stride(from: channel, to: 192, by: 3).map { Double(image.pixels[$0]) }
      }
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(values.count)
      #expect(abs(Double(found.mean[channel]) - mean) < 1e-4)
      #expect(abs(Double(found.deviation[channel]) - variance.squareRoot()) < 1e-4)
    }
  }

  @Test("what cannot be a data set is refused with what to do")
  func refusals() throws {
    let folder = try TemporaryFolder()
    func message(_ path: String) -> String {
      do {
        _ = try Dataset.open(path, options: Self.options())
        return "opened"
      } catch {
        return "\(error)"
      }
    }
    #expect(message(folder.path + "/nowhere").contains("no such data set"))
    #expect(message(folder.path).contains("the data set is empty"))
    try folder.write(Array("hello".utf8), to: "readme.txt")
    #expect(message(folder.path).contains("expected PNG or JPEG images, found 1 other file"))
    #expect(message(folder.path + "/readme.txt").contains("found other content"))
    try folder.write(try TestImages.png(1), to: "1.png")
    #expect(message(folder.path).contains("found 1 image outside any folder, such as "))
    try folder.write(try TestImages.png(2), to: "cat/2.png")
    #expect(message(folder.path).contains("expected at least two classes, found only \"cat\""))
    let other = try TemporaryFolder()
    try TestImages.write(to: other, parts: ["train"], count: 3)
    try TestImages.write(to: other, parts: ["test"], classes: ["cow", "dog"], count: 3)
    #expect(message(other.path).contains("test/ has classes that train/ lacks: cow"))
  }

  @Test("what lies in an archive of `tar -C DIR -cf FILE .` is read and refused as without the dots")
  func dottedTar() throws {
    let folder = try TemporaryFolder()
    for name in ["a", "b"] {
      for number in 1...5 { try folder.write(try TestImages.png(number), to: "data/\(name)/\(number).png") }
    }
    try folder.write(Array("P3".utf8), to: "data/b/1.ppm")
    let files = FileManager.default
    try files.createDirectory(atPath: folder.path + "/data/c", withIntermediateDirectories: true)
    try files.createSymbolicLink(
      atPath: folder.path + "/data/c/1.png", withDestinationPath: "/nowhere/1.png")
    let plain = folder.path + "/plain.tar"
    let dotted = folder.path + "/dotted.tar"
    for words in [["-cf", plain, "a", "b", "c"], ["-cf", dotted, "."]] {
      let tar = try Process.run(
        URL(filePath: "/usr/bin/tar"), arguments: ["-C", folder.path + "/data"] + words)
      tar.waitUntilExit()
    }
    let found = try [plain, dotted].map { path in
      var options = Self.options()
      options.skipBad = true
      return try Dataset.open(path, options: options)
    }
    #expect(found[0].problems.map(\.file) == ["c/1.png"])
    #expect(found[1].problems == found[0].problems)
    #expect(found[1].digest == found[0].digest)
    #expect(IgnoredName.matches(path: "a/.hidden/1.png") && IgnoredName.matches(path: "..data/1.png"))
    #expect(!IgnoredName.matches(path: "../a/1.png") && !IgnoredName.matches(path: "./a/1.png"))
  }

  @Test("links that lead back to a folder they are in are not followed")
  func circles() throws {
    let folder = try TemporaryFolder()
    try TestImages.write(to: folder, parts: [""], count: 3)
    for name in ["a", "b", "cat/c", "cat/d"] {
      try FileManager.default.createSymbolicLink(
        atPath: folder.path + "/" + name, withDestinationPath: folder.path)
    }
    let listing = try FolderListing(folder.path)
    #expect(listing.files.count == 6)
    #expect(listing.folders == ["a", "b", "cat", "cat/c", "cat/d", "dog"])
  }
}
