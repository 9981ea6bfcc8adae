import Foundation
import Settings
import Testing

@testable import Datasets

@Suite("Manifests and fetching")
struct ManifestTests {
  private static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path()

  private static func manifest(_ lines: String...) -> [UInt8] {
    Array((["summary: s", "origin: o", "license: l"] + lines).joined(separator: "\n").utf8)
  }

  private static func options(_ folder: TemporaryFolder) -> DatasetOptions {
    var options = DatasetOptions()
    options.cacheDirectory = nil
    options.dataDirectories = [folder.path + "/Data"]
    options.sourceDirectories = [folder.path + "/sources"]
    return options
  }

  @Test("every manifest of Data/ is read, and none flips digits")
  func shipped() throws {
    let manifests = try DataManifest.all(in: [Self.root + "Data"])
    let names = manifests.map(\.name)
    #expect(Set(["glyphs", "mnist", "cifar10"]).isSubset(of: names) && names == names.sorted())
    for manifest in manifests {
      #expect(!manifest.summary.isEmpty && !manifest.origin.isEmpty && !manifest.license.isEmpty)
      #expect(manifest.made != nil || manifest.sha256 != nil)
    }
    for name in ["mnist", "glyphs"] {
      let manifest = try #require(manifests.first { $0.name == name })
      #expect(!manifest.augmentations.contains("flip") && !manifest.augmentations.isEmpty)
    }
  }

  @Test("a name finds the data beside the manifest or in a source folder")
  func location() throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.manifest("path: photos", "augmentations: [flip]"), to: "Data/pets.yaml")
    let options = Self.options(folder)
    #expect {
      try Dataset.open("pets", options: options)
    } throws: {
      ($0 as? DatasetError)?.needsInstallation == true && "\($0)".contains("condense data fetch pets")
    }
    let images = try TemporaryFolder()
    try TestImages.write(to: images, parts: [""], count: 3)
    try FileManager.default.createDirectory(
      atPath: folder.path + "/sources", withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: images.path, toPath: folder.path + "/sources/photos")
    let dataset = try Dataset.open("pets", options: options)
    #expect(dataset.records.count == 6 && dataset.allowedAugmentations == ["flip"])
    try FileManager.default.moveItem(
      atPath: folder.path + "/sources/photos", toPath: folder.path + "/Data/photos")
    let beside = try Dataset.open(folder.path + "/Data/pets.yaml", options: options)
    #expect(beside.digest == dataset.digest)
    #expect {
      try Dataset.open("pet", options: options)
    } throws: { "\($0)".contains("did you mean \"pets\"?") }
  }

  @Test(
    "data beside a manifest is found in a folder whose name is no plain word",
    arguments: ["my data", "50%20", "é"])
  func spaces(_ name: String) throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.manifest("path: photos"), to: "\(name)/pets.yaml")
    let images = try TemporaryFolder()
    try TestImages.write(to: images, parts: [""], count: 3)
    try FileManager.default.copyItem(atPath: images.path, toPath: folder.path + "/\(name)/photos")
    let dataset = try Dataset.open(folder.path + "/\(name)/pets.yaml", options: Self.options(folder))
    #expect(dataset.records.count == 6)
  }

  @Test("a file with another checksum than the manifest's is refused")
  func checksum() throws {
    let folder = try TemporaryFolder()
    try folder.write(
      Self.manifest("path: a.tar", "sha256: \"\(String(repeating: "0", count: 64))\""), to: "Data/pets.yaml")
    try folder.write([1, 2, 3], to: "Data/a.tar")
    #expect {
      try Dataset.open("pets", options: Self.options(folder))
    } throws: { "\($0)".contains("expected SHA-256 000") }
  }

  @Test(
    "a wrong manifest is refused with file and line",
    arguments: [
      (
        "augmentations: [flop]",
        "Data/x.yaml:5: \"flop\" is not a setting of augmentations; did you mean \"flip\"?"
      ),
      ("sha256: abc", "expected 64 hexadecimal digits"), ("path2: x", "did you mean \"path\""),
      ("made: cats", "expected glyphs"), ("difficulty: 0.5", "say `made: glyphs` too"),
      ("count: 5", "in 50...1000000"), ("difficulty: 2", "in 0.0...1.0"),
      ("splits: none", "one of given, derived"),
    ])
  func wrong(_ line: String, _ message: String) throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.manifest("path: y", line), to: "Data/x.yaml")
    #expect {
      try DataManifest(contentsOf: folder.path + "/Data/x.yaml")
    } throws: { "\($0)".contains(message) }
  }

  @Test(
    "a manifest that is wrong about splits is refused, and told by the check",
    arguments: ["given", "derived"])
  func wrongSplits(_ splits: String) throws {
    let folder = try TemporaryFolder()
    try TestImages.write(to: folder, parts: splits == "given" ? [""] : ["train", "test"], count: 3)
    try folder.write(Self.manifest("path: .", "splits: \(splits)"), to: "dataset.yaml")
    #expect {
      try Dataset.open(folder.path, options: Self.options(folder))
    } throws: { "\($0)".contains("says \"splits: \(splits)\"") }
    let check = try DatasetCheck(folder.path)
    #expect(check.problems.map(\.kind) == [.odd] && check.pixels.count == (splits == "given" ? 6 : 12))
    try folder.write(Self.manifest("path: ."), to: "dataset.yaml")
    #expect(try Dataset.open(folder.path, options: Self.options(folder)).classes.count == 2)
  }

  @Test("classes are taken together as the manifest says, which makes other data of the same images")
  func groups() throws {
    let folder = try TemporaryFolder()
    try TestImages.write(
      to: folder, parts: ["train", "test"], classes: ["ant", "bee", "cat", "dog"], count: 3)
    let options = Self.options(folder)
    func open(_ lines: String...) throws -> Dataset {
      try folder.write(Self.manifest((["path: ."] + lines).joined(separator: "\n")), to: "dataset.yaml")
      return try Dataset.open(folder.path, options: options)
    }
    let plain = try open()
    let grouped = try open("groups: {pets: [dog, cat], insects: [bee, ant]}")
    #expect(grouped.classes == ["insects", "pets"] && grouped.records.count == plain.records.count)
    for record in grouped.records {
      let isPet = record.path.contains("cat/") || record.path.contains("dog/")
      #expect(record.annotation.label == (isPet ? 1 : 0))
    }
    #expect(grouped.messages.contains { $0.contains("4 classes are taken as 2: insects (ant, bee)") })
    #expect(grouped.digest != plain.digest)
    // The order in which they are written decides nothing, what is in them does.
    #expect(try open("groups: {insects: [ant, bee], pets: [cat, dog]}").digest == grouped.digest)
    #expect(try open("groups: {insects: [ant, cat], pets: [bee, dog]}").digest != grouped.digest)
    #expect(try DatasetCheck(folder.path).problems.isEmpty)
    let wrong = [
      ("groups: {pets: [cat, dog], insects: [bee, aunt]}", "did you mean \"ant\"?"),
      ("groups: {pets: [cat, dog], insects: [bee]}", "\"ant\" is in none of the groups insects, pets"),
      ("groups: {pets: [cat, dog, bee], insects: [bee, ant]}", "\"bee\" is in \"pets\" already"),
      ("groups: {pets: [cat, dog, bee, ant]}", "two or more names"),
      ("groups: {pets: [], insects: [bee, ant]}", "two or more names"),
    ]
    for (line, words) in wrong {
      #expect { try open(line) } throws: { "\($0)".contains(words) }
    }
    #expect(throws: DatasetError.self) { try open(wrong[1].0) }
    #expect(try DatasetCheck(folder.path, options: options).problems.map(\.kind) == [.odd])
  }

  @Test("data to be drawn is drawn nowhere when no folder is known for it")
  func nowhereToDraw() throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.manifest("path: drawn", "made: glyphs"), to: "Data/symbols.yaml")
    var options = Self.options(folder)
    options.sourceDirectories = DatasetOptions.sourceDirectories(in: [:])
    #expect {
      try Dataset.open("symbols", options: options)
    } throws: {
      ($0 as? DatasetError)?.needsInstallation == true && "\($0)".contains("set CONDENSE_CACHE")
    }
    #expect(Self.names(folder.path + "/Data") == ["symbols.yaml"])
  }

  @Test("what a manifest says of the drawing decides what is drawn")
  func drawnAsSaid() throws {
    let folder = try TemporaryFolder()
    let extra = ["made: glyphs", "count: 60", "seed: 3", "difficulty: 0"].joined(separator: "\n")
    try folder.write(Self.manifest("path: drawn", extra), to: "Data/symbols.yaml")
    let data = try Dataset.open("symbols", options: Self.options(folder))
    #expect(data.count(of: .train) + data.count(of: .validation) == 50 && data.count(of: .test) == 10)
    let drawn = try DataManifest(contentsOf: folder.path + "/sources/drawn/" + Dataset.manifestName)
    #expect(drawn.origin.hasSuffix("--seed 3 --count 60 --difficulty 0.0"))
  }

  private static func fetchable() throws -> (TemporaryFolder, DataManifest, [UInt8]) {
    let folder = try TemporaryFolder()
    let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 * $0 / 7) }
    try folder.write(bytes, to: "origin.bin")
    var manifest = DataManifest()
    manifest.name = "pets"
    manifest.path = "pets.bin"
    manifest.sha256 = try CacheFiles.address(ofFile: folder.path + "/origin.bin")
    manifest.url = URL(filePath: folder.path + "/origin.bin").absoluteString
    return (folder, manifest, bytes)
  }

  private static func names(_ folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
  }

  @Test("a file URL is fetched, verified, and not fetched again")
  func fetch() throws {
    let (folder, manifest, bytes) = try Self.fetchable()
    let fetch = Fetch(manifest, from: nil, to: folder.path + "/to", showsProgress: false)
    #expect(try fetch.run())
    #expect(try Data(contentsOf: URL(filePath: fetch.target)) == Data(bytes))
    #expect(Self.names(folder.path + "/to") == ["pets.bin"])
    #expect(try !fetch.run())
  }

  @Test(
    "what was left of a broken fetch is completed, or thrown away if it does not fit",
    arguments: [true, false])
  func resume(_ isSound: Bool) throws {
    let (folder, manifest, bytes) = try Self.fetchable()
    let partial = isSound ? Array(bytes.prefix(100_000)) : Array(repeating: 1, count: 100_000)
    try folder.write(partial, to: "to/pets.bin.partial")
    let fetch = Fetch(manifest, from: nil, to: folder.path + "/to", showsProgress: false)
    #expect(try fetch.run())
    #expect(try Data(contentsOf: URL(filePath: fetch.target)) == Data(bytes))
    #expect(Self.names(folder.path + "/to") == ["pets.bin"])
  }

  @Test("a wrong file, a missing one and a missing address leave nothing that looks complete")
  func failures() throws {
    let (folder, manifest, _) = try Self.fetchable()
    try folder.write([1, 2, 3], to: "wrong.bin")
    let to = folder.path + "/to"
    #expect {
      try Fetch(manifest, from: folder.path + "/wrong.bin", to: to, showsProgress: false).run()
    } throws: { "\($0)".contains("expected SHA-256") }
    #expect(Self.names(to).isEmpty)
    #expect {
      try Fetch(manifest, from: "file:///nowhere/at/all", to: to, showsProgress: false).run()
    } throws: { "\($0)".contains("could not be fetched") }
    #expect(!Self.names(to).contains("pets.bin"))
    for path in ["kept", "."] {
      try folder.write([7], to: "to/kept/photo.png")
      var replacing = manifest
      replacing.path = path
      replacing.sha256 = nil
      #expect {
        try Fetch(replacing, from: nil, to: to, showsProgress: false).run()
      } throws: { "\($0)".contains("it is a folder") }
      #expect(Self.names(to + "/kept") == ["photo.png"])
    }
    var unnamed = manifest
    unnamed.url = nil
    #expect {
      try Fetch(unnamed, from: nil, to: to, showsProgress: false).run()
    } throws: { "\($0)".contains("--from") }
  }
}
