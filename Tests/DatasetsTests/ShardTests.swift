import Archives
import Foundation
import Images
import TestSupport
import Testing

@testable import Datasets

@Suite("Data sets in shards")
struct ShardTests {
  private static func options(_ change: (inout DatasetOptions) -> Void = { _ in }) -> DatasetOptions {
    var options = DatasetOptions()
    options.cacheDirectory = nil
    change(&options)
    return options
  }

  /// Twelve pictures of two classes in each of two splits, as JPEG of several sizes, some of them grey.
  private static func pictures() throws -> [(split: String, name: String, file: String, bytes: [UInt8])] {
    var found: [(split: String, name: String, file: String, bytes: [UInt8])] = []
    for split in ["train", "test"] {
      for name in ["cat", "dog"] {
        for number in 0..<12 {
          let image = TestImages.image(
            found.count, width: 40 + 9 * (number % 4), height: 30 + 5 * (number % 3),
            channels: number % 5 == 0 ? 1 : 3)
          found.append((split, name, "\(100 + number).jpg", try ImageEncoder.jpeg(image)))
        }
      }
    }
    return found
  }

  /// The pictures as a folder of images.
  private static func folder() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for picture in try pictures() {
      try folder.write(picture.bytes, to: "\(picture.split)/\(picture.name)/\(picture.file)")
    }
    return folder
  }

  /// The pictures in three shards a split, with the files that `sample` makes of each, split and number.
  private static func shards(
    name: (_ split: String, _ number: Int) -> String = { "\($0)-00\($1).tar" },
    sample: (_ name: String, _ file: String, _ bytes: [UInt8]) -> [(String, [UInt8])]
  ) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    let all = try pictures()
    for split in ["train", "test"] {
      for number in 0..<3 {
        let own = all.filter { $0.split == split }.enumerated().filter { $0.offset % 3 == number }
        try folder.write(
          TestTar.tar(own.flatMap { sample($0.element.name, $0.element.file, $0.element.bytes) }),
          to: name(split, number))
      }
    }
    return folder
  }

  private static func byClassFolder(_ name: String, _ file: String, _ bytes: [UInt8]) -> [(String, [UInt8])] {
    [("\(name)/\(file)", bytes)]
  }

  /// All batches of an epoch as numbers, with their labels.
  private static func batches(_ dataset: Dataset, threads: Int, channels: Int = 3) throws -> [[Float]] {
    let input = InputShape(channels: channels, height: 16, width: 20)
    let loader = try Loader(
      dataset,
      LoaderOptions(
        split: .train, batch: 5, seed: 3, shuffle: true, augmentations: [Flip()], input: input,
        normalization: .none(channels: channels), threads: threads))
    loader.startEpoch(0)
    var found: [[Float]] = []
    while let batch = try loader.next() {
      let labels = batch.annotations[..<batch.count].map { Float($0.label ?? -1) }
      found.append(Array(batch.images[..<(batch.count * input.count)]) + labels)
    }
    return found
  }

  @Test("braces stand for lists and ranges, and other braces for nothing")
  func braces() {
    #expect(Shard.expanded("a-{08..11}.tar") == ["a-08.tar", "a-09.tar", "a-10.tar", "a-11.tar"])
    #expect(Shard.expanded("{a,b}{0..1}") == ["a0", "a1", "b0", "b1"])
    #expect(Shard.expanded("x{9..10}") == ["x9", "x10"])
    #expect(Shard.expanded("plain") == ["plain"])
    for bad in [
      "{", "}", "{}", "{a}", "{2..1}", "{a..c}", "{0..}", "{{0..1}}", "{,}", "{0..999999}", "{-1..2}",
    ] {
      #expect(Shard.expanded(bad) == nil, "\(bad)")
    }
    #expect(Shard.expanded("{0..999}{0..999}") == nil)
  }

  @Test("shards of class folders give the folder's digest, classes and splits, and its batches to the byte")
  func classFolders() throws {
    let folder = try Self.folder()
    let size = ImageSize(width: 20, height: 16)
    let expected = try Dataset.open(folder.path, options: Self.options { $0.imageSize = size })
    let batches = try Self.batches(expected, threads: 1)
    let byName = try Self.shards(sample: Self.byClassFolder)
    let byFolder = try Self.shards(
      name: { "\($0 == "test" ? "val" : $0)/part-\($1).tar" }, sample: Self.byClassFolder)
    let paths = [
      byName.path, byName.path + "/{train,test}-{000..002}.tar", byFolder.path,
    ]
    for path in paths {
      for limit in [1 << 30, 0] {
        let dataset = try Dataset.open(
          path,
          options: Self.options {
            $0.imageSize = size
            $0.memoryLimit = limit
            $0.threads = limit == 0 ? 3 : 1
          })
        #expect(dataset.isStreamed == (limit == 0))
        #expect(dataset.classes == ["cat", "dog"] && dataset.count(of: .test) == 24)
        if path != byFolder.path { #expect(dataset.digest == expected.digest) }
        #expect(dataset.messages.contains { $0.hasPrefix("6 shards, read in place") })
        for threads in [0, 1, 3] where limit == 0 || threads == 1 {
          #expect(try Self.batches(dataset, threads: threads) == batches)
        }
      }
    }
  }

  @Test("colour becomes grey in the same order whether pixels are held or not")
  func grey() throws {
    let shards = try Self.shards(sample: Self.byClassFolder)
    func batches(_ limit: Int) throws -> [[Float]] {
      let dataset = try Dataset.open(
        shards.path,
        options: Self.options {
          $0.imageSize = ImageSize(width: 20, height: 16)
          $0.memoryLimit = limit
        })
      return try Self.batches(dataset, threads: 1, channels: 1)
    }
    #expect(try batches(0) == batches(1 << 30))
  }

  @Test("classes stand in .cls files, in JSON files, or in either", arguments: ["cls", "json", "both"])
  func samples(_ form: String) throws {
    var number = 0
    let shards = try Self.shards(sample: { name, file, bytes in
      number += 1
      let key = "\(name)\(file.prefix(3))"
      let text = [(key + ".cls", Array((name == "cat" ? "7\n" : " 12 ").utf8))]
      let json = [
        (key + ".json", Array("{\"width\": 3, \"label\": \(name == "cat" ? "7" : "\"12\"")}".utf8)),
        (key + ".txt", Array("a picture".utf8)),
      ]
      let label = form == "cls" || form == "both" && number.isMultiple(of: 2) ? text : json
      return number % 3 == 0 ? label + [(key + ".jpg", bytes)] : [(key + ".jpg", bytes)] + label
    })
    let folder = try Self.folder()
    let expected = try Dataset.open(folder.path, options: Self.options())
    for limit in [1 << 30, 0] {
      let dataset = try Dataset.open(shards.path, options: Self.options { $0.memoryLimit = limit })
      #expect(dataset.classes == ["12", "7"])
      for split in Split.allCases { #expect(dataset.count(of: split) == expected.count(of: split)) }
      #expect(dataset.records.allSatisfy { ($0.annotation.label == 1) == $0.path.contains("/cat1") })
      #expect(dataset.messages.contains("classes as the .cls or .json files beside the images say"))
    }
  }

  @Test("one tar of samples is a set of one shard")
  func oneTar() throws {
    let folder = try TemporaryFolder()
    let files = try Self.pictures().enumerated().flatMap { number, picture in
      [("s/\(number).jpg", picture.bytes), ("s/\(number).cls", Array(picture.name.utf8))]
    }
    try folder.write(TestTar.tar(files), to: "all.tar")
    let dataset = try Dataset.open(folder.path + "/all.tar", options: Self.options { $0.memoryLimit = 0 })
    #expect(dataset.classes == ["cat", "dog"] && dataset.records.count == 48)
    #expect(dataset.records.first?.path.hasPrefix("cat/s/") == true)
  }

  @Test("shards are kept in the cache as other sets are, until one changes")
  func cache() throws {
    let shards = try Self.shards(sample: Self.byClassFolder)
    let cache = try TemporaryFolder()
    func open() throws -> Dataset {
      try Dataset.open(shards.path, options: Self.options { $0.cacheDirectory = cache.path })
    }
    let first = try open()
    let again = try open()
    #expect(first.digest == again.digest && !again.isStreamed)
    #expect(!again.messages.contains { $0.contains("read in place") })
    try shards.write(TestTar.tar([("dog/900.png", try TestImages.png(5))]), to: "train-003.tar")
    #expect(try open().records.count == first.records.count + 1)
  }

  @Test("a shard that changes after it was indexed is refused when it is read")
  func changed() throws {
    let shards = try Self.shards(sample: Self.byClassFolder)
    let dataset = try Dataset.open(
      shards.path, options: Self.options { $0.memoryLimit = 0 })
    let input = InputShape(channels: 3, height: 8, width: 8)
    _ = try dataset.image(at: 0, as: input)
    for number in 0..<3 { try shards.write(TestTar.tar([("dog/1.jpg", [1])]), to: "train-00\(number).tar") }
    let message = errorMessage { _ = try dataset.image(at: 0, as: input) }
    #expect(message.contains("it has changed since it was indexed"))
  }

  @Test(
    "a damaged image stops a set that is held, and is found by a check or when it is met in one that streams")
  func damagedImage() throws {
    var picture = try Self.pictures()[1].bytes
    picture.removeLast(picture.count / 3)
    let shards = try Self.shards(sample: Self.byClassFolder)
    try shards.write(TestTar.tar([("dog/bad.jpg", picture)]), to: "train-003.tar")
    #expect(
      errorMessage { _ = try Dataset.open(shards.path, options: Self.options()) }
        .contains("train/dog/bad.jpg: expected a sound JPEG file"))
    let dataset = try Dataset.open(shards.path, options: Self.options { $0.memoryLimit = 0 })
    let bad = try #require(dataset.records.firstIndex { $0.path == "train/dog/bad.jpg" })
    let message = errorMessage { _ = try dataset.image(at: bad, as: .init(channels: 3, height: 8, width: 8)) }
    #expect(message.contains("dog/bad.jpg: expected a sound JPEG file"))
    let check = try DatasetCheck(shards.path, options: Self.options())
    #expect(check.problems.contains { $0.file == "train/dog/bad.jpg" && $0.kind == .unreadable })
    #expect(check.pixels.count == 48)
  }

  @Test("hostile shards get a message that names the shard or the member", arguments: [0, 1 << 30])
  func hostile(_ limit: Int) throws {
    let cat = try TestImages.png(1)
    let dog = try TestImages.png(2)
    func message(_ bytes: [UInt8], as name: String = "b.tar") throws -> String {
      let folder = try TemporaryFolder()
      try folder.write(
        TestTar.tar([("cat/1.png", cat), ("dog/1.png", dog), ("dog/2.png", cat)]), to: "a.tar")
      try folder.write(bytes, to: name)
      return errorMessage {
        _ = try Dataset.open(folder.path, options: Self.options { $0.memoryLimit = limit })
      }
    }
    func expect(_ bytes: [UInt8], _ part: String, as name: String = "b.tar") throws {
      let found = try message(bytes, as: name)
      #expect(found.contains(part), "\(found)")
      #expect(found.contains(name) || found.contains("cat/"), "\(found)")
    }
    let more = TestTar.entry("cat/3.png", cat)
    #expect(try message(TestTar.tar([more])) == "nothing thrown")
    try expect(Array(TestTar.tar([more]).dropLast(1024)), "the tar ends without its end mark")
    try expect(Array(more.prefix(600)), "expected a sound archive")
    try expect(TestTar.tar([TestTar.entry("cat/4.png", cat, size: "77777777777")]), "b.tar")
    try expect(TestTar.tar([TestTar.entry("../cat/5.png", cat)]), "its path leads upwards")
    try expect(TestTar.tar([TestTar.entry("/cat/5.png", cat)]), "its path is absolute")
    try expect(
      TestTar.tar([TestTar.entry("cat/6.png", type: "2", link: "/etc/passwd")]),
      "it is a link to nothing inside the archive")
    try expect(TestTar.tar([more, more]), "an earlier member has the same path")
    try expect(TestTar.tar([TestTar.entry("cat/1.png", dog)]), "has an image of the same path")
    try expect([UInt8](repeating: 7, count: 2048), "expected a tar")
    try expect([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3], "expected a plain tar", as: "b.tar.gz")
    try expect(TestTar.tar([more, TestTar.entry("cat/7.gif", Array("GIF89a..".utf8))]), "found a GIF image")
  }

  @Test("images without a usable class beside them are named where others have one")
  func unlabelled() throws {
    let folder = try TemporaryFolder()
    let png = try TestImages.png(1)
    try folder.write(
      TestTar.tar([
        ("a.png", png), ("a.cls", Array("0".utf8)), ("b.png", try TestImages.png(2)),
        ("b.cls", Array("1".utf8)),
        ("c.png", png), ("d.png", png), ("d.cls", Array("x/y".utf8)), ("e.png", png), ("e.cls", []),
      ]), to: "a.tar")
    let message = errorMessage { _ = try Dataset.open(folder.path, options: Self.options()) }
    #expect(message.contains("a.tar/c.png: expected its class beside it, in c.cls or as label in c.json"))
    #expect(message.contains("a.tar/d.png: its class beside it is not usable"))
    #expect(message.contains("a.tar/e.png: its class beside it is not usable"))
    #expect(message.contains("3 files cannot be read"))
  }

  @Test("a missing shard of a range is named, and folders that hold more than shards are read as before")
  func recognition() throws {
    let shards = try Self.shards(sample: Self.byClassFolder)
    let pattern = shards.path + "/train-{000..003}.tar"
    let message = errorMessage { _ = try Dataset.open(pattern, options: Self.options()) }
    #expect(message.contains("expected 4 shards, found 3 of them"))
    #expect(message.contains("train-003.tar is not there"))
    let nothing = errorMessage {
      _ = try Dataset.open(shards.path + "/x-{0..3}.tar", options: Self.options())
    }
    #expect(nothing.contains("no such data set"))
    let folder = try Self.folder()
    try folder.write(TestTar.tar([("cat/1.png", try TestImages.png(1))]), to: "backup.tar")
    #expect(
      try !Dataset.open(folder.path, options: Self.options()).messages.contains { $0.contains("shard") })
  }

  @Test("a manifest's path may have braces")
  func manifest() throws {
    let shards = try Self.shards(sample: Self.byClassFolder)
    let text = """
      summary: pictures
      origin: a test
      license: none
      path: \(shards.path)/{train,test}-{000..002}.tar
      splits: given
      """
    try shards.write(Array(text.utf8), to: "manifest/pictures.yaml")
    let dataset = try Dataset.open(shards.path + "/manifest/pictures.yaml", options: Self.options())
    #expect(dataset.records.count == 48)
  }

  @Test("statistics of many images are those of evenly spaced ones")
  func statistics() {
    #expect(Dataset.sampled([4, 5, 6], most: 3) == [4, 5, 6])
    #expect(Dataset.sampled(Array(0..<10), most: 4) == [0, 2, 5, 7])
  }

  @Test("the limit of held pixels is CONDENSE_MEMORY_LIMIT in GiB, else 2 GiB")
  func memoryLimit() {
    #expect(DatasetOptions.memoryLimit(in: ["CONDENSE_MEMORY_LIMIT": "0.5"]) == 1 << 29)
    #expect(DatasetOptions.memoryLimit(in: ["CONDENSE_MEMORY_LIMIT": "0"]) == 0)
    for text in ["", "-1", "nan", "much"] {
      #expect(DatasetOptions.memoryLimit(in: ["CONDENSE_MEMORY_LIMIT": text]) == 2 << 30)
    }
  }
}
