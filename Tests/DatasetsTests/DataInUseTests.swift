import Foundation
import Images
import Testing

@testable import Datasets

@Suite("Data sets as they are met")
struct DataInUseTests {
  private static func open(
    _ path: String, _ change: (inout DatasetOptions) -> Void = { _ in }
  ) throws(DatasetError) -> Dataset {
    var options = DatasetOptions()
    options.cacheDirectory = nil
    change(&options)
    return try Dataset.open(path, options: options)
  }

  private static func message(_ path: String) -> String {
    do throws(DatasetError) {
      _ = try open(path)
      return "opened"
    } catch { return error.description }
  }

  @Test("train and val alone: val is tested on and validation is taken from train, unless told otherwise")
  func valIsTest() throws {
    let folder = try TemporaryFolder()
    try TestImages.write(to: folder, parts: ["train", "val"], count: 20)
    let dataset = try Self.open(folder.path)
    #expect(
      dataset.count(of: .train) == 36 && dataset.count(of: .validation) == 4 && dataset.count(of: .test) == 40
    )
    #expect(dataset.messages.contains { $0.contains("val is tested on") })
    #expect(dataset.splitDescription.valFolder == .test)
    let kept = try Self.open(folder.path) { $0.valFolder = .validation }
    #expect(kept.count(of: .train) == 40 && kept.count(of: .validation) == 40 && kept.count(of: .test) == 0)
    #expect(kept.digest == dataset.digest && kept.splitDescription.valFolder == .validation)
    let text = "summary: s\norigin: o\nlicense: l\npath: .\nval-folder: val\n"
    try folder.write(Array(text.utf8), to: "dataset.yaml")
    #expect(try Self.open(folder.path).count(of: .validation) == 40)
    #expect(try Self.open(folder.path) { $0.valFolder = .test }.count(of: .test) == 40)
  }

  @Test("files beside images are counted and named; what is called an image must be one")
  func otherFiles() throws {
    let folder = try TemporaryFolder()
    try TestImages.write(to: folder, parts: [""], count: 10)
    for name in [
      "0.txt", "1.txt", "0.json", "a.xml", "labels.csv", "x.npz", "index.html", "README", "empty.txt",
    ] {
      try folder.write(name == "empty.txt" ? [] : Array("text".utf8), to: "cat/" + name)
    }
    let dataset = try Self.open(folder.path)
    #expect(dataset.records.count == 20 && dataset.problems.isEmpty)
    let note = try #require(dataset.messages.first { $0.contains("beside the images") })
    #expect(note.hasPrefix("9 files") && note.contains("3 .txt") && note.contains("cat/0.json"))
    #expect(try DatasetCheck(folder.path).problems.isEmpty)
    try folder.write([], to: "cat/none.jpg")
    #expect(Self.message(folder.path).contains("cat/none.jpg"))
  }

  @Test("images of other formats are refused by their real names, also where a class has no others")
  func foreign() throws {
    let folder = try TemporaryFolder()
    try TestImages.write(to: folder, parts: [""], count: 5)
    try folder.write(Array("GIF89a........".utf8), to: "cat/a.jpg")
    try folder.write(Array("RIFF\0\0\0\0WEBPVP8 ".utf8), to: "eel/b.png")
    let text = Self.message(folder.path)
    #expect(text.contains("cat/a.jpg") && text.contains("a GIF image") && text.contains("eel/b.png"))
    #expect(text.contains("a WebP image") && text.contains("convert it to PNG"))
  }

  @Test("a control character in the name of a class is refused", arguments: ["a\tb", "a\nb", "a\u{7F}"])
  func controlCharacters(name: String) throws {
    let folder = try TemporaryFolder()
    try TestImages.write(to: folder, parts: [""], classes: ["cat", name], count: 3)
    let text = Self.message(folder.path)
    #expect(text.contains("control character") && text.contains("rename the folder") && !text.contains(name))
  }

  @Test("one image a class leaves nothing to test on: refused")
  func single() throws {
    let folder = try TemporaryFolder()
    try TestImages.write(to: folder, parts: [""], count: 1)
    #expect(Self.message(folder.path).contains("2 classes of one image each"))
  }

  @Test("links in a tar stand for the images that they point at", arguments: [1 << 30, 1000])
  func links(limit: Int) throws {
    let folder = try TemporaryFolder()
    try TestImages.write(to: folder, parts: [""], count: 3)
    let files = FileManager.default
    try files.linkItem(atPath: folder.path + "/cat/0.png", toPath: folder.path + "/dog/hard.png")
    try files.createSymbolicLink(atPath: folder.path + "/dog/soft.png", withDestinationPath: "../cat/1.png")
    try files.createSymbolicLink(atPath: folder.path + "/eel", withDestinationPath: "cat")
    let tar = folder.path + ".tar"
    defer { try? files.removeItem(atPath: tar) }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["tar", "-cf", tar, "-C", folder.path, "."]
    try process.run()
    process.waitUntilExit()
    let cache = try TemporaryFolder()
    let expected = try Self.open(folder.path)
    let found = try Self.open(tar) {
      $0.memoryLimit = limit
      if limit == 1000 { $0.cacheDirectory = cache.path }
    }
    #expect(found.classes == ["cat", "dog", "eel"] && found.digest == expected.digest)
    let readers = (ImageReader(expected), ImageReader(found))
    for index in expected.records.indices {
      #expect(expected.records[index].path == found.records[index].path)
      let pixels = (
        try readers.0.image(index, atLeast: nil).pixels, try readers.1.image(index, atLeast: nil).pixels
      )
      #expect(pixels.0 == pixels.1)
    }
  }
}
