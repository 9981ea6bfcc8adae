import Foundation
import Images
import Testing

@testable import Datasets

@Suite("Glyphs")
struct GlyphTests {
  private static func files(_ path: String) throws -> [String: Data] {
    var found: [String: Data] = [:]
    for name in try FolderListing(path).files {
      found[name] = try Data(contentsOf: URL(filePath: path + "/" + name))
    }
    return found
  }

  @Test("equal seeds give equal files with any number of threads, other seeds others")
  func deterministic() throws {
    let folder = try TemporaryFolder()
    try GlyphMaker(seed: 4, count: 100).write(to: folder.path + "/a", threads: 1)
    try GlyphMaker(seed: 4, count: 100).write(to: folder.path + "/b", threads: 3)
    try GlyphMaker(seed: 5, count: 100).write(to: folder.path + "/c", threads: 2)
    let (a, b, c) = (
      try Self.files(folder.path + "/a"), try Self.files(folder.path + "/b"),
      try Self.files(folder.path + "/c")
    )
    #expect(a == b && a.count == 101 && Set(a.keys) == Set(c.keys))
    #expect(a.filter { $0.key.hasSuffix(".png") && c[$0.key] == $0.value }.isEmpty)
  }

  @Test("it is a data set of ten classes, four fifths for training, without problems")
  func isADataset() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/glyphs"
    try GlyphMaker(seed: 0, count: 500).write(to: path)
    var options = DatasetOptions()
    options.cacheDirectory = nil
    options.validationFraction = 0
    let dataset = try Dataset.open(path, options: options)
    #expect(dataset.classes == GlyphMaker.classes && dataset.classes == dataset.classes.sorted())
    #expect(dataset.count(of: .train) == 400 && dataset.count(of: .test) == 100)
    #expect(dataset.uniformShape == InputShape(channels: 1, height: 28, width: 28))
    #expect(dataset.allowedAugmentations?.contains("flip") == false)
    #expect(try DatasetCheck(path).problems.isEmpty)
  }

  @Test("a folder that is not empty is not touched")
  func occupied() throws {
    let folder = try TemporaryFolder()
    try folder.write([1], to: "mine.txt")
    #expect {
      try GlyphMaker(seed: 0, count: 100).write(to: folder.path)
    } throws: { "\($0)".contains("it is there already") }
    #expect(try FolderListing(folder.path).files == ["mine.txt"])
  }

  @Test("without any disturbance every drawing of a class is the same shape, and classes differ")
  func shapes() {
    var calm = GlyphDifficulty.mild
    calm.rotation = 0
    calm.scale = 0.7...0.7
    calm.stretch = 0
    calm.shear = 0
    calm.shift = 0
    calm.strokeWidth = 2...2
    calm.jitter = 0
    calm.contrast = 200...200
    calm.background = 0...0
    calm.clutter = 0
    calm.noise = 0
    calm.occlusionShare = 0
    let maker = GlyphMaker(seed: 0, count: 100, calm)
    var seen: [[UInt8]] = []
    for label in GlyphMaker.classes.indices {
      let image = maker.image(label: label, number: 0)
      #expect(image == maker.image(label: label, number: 1))
      #expect(image.pixels.contains(200) && image.pixels.contains(0))
      seen.append(image.pixels)
    }
    #expect(Set(seen).count == 10)
  }

  @Test("levels lie between the mild drawing and the hard one, and every level draws other images")
  func levels() throws {
    #expect(GlyphDifficulty.level(0) == .mild && GlyphDifficulty.level(1) == .hard)
    let half = GlyphDifficulty.level(0.5)
    #expect(half.rotation == 23.5 && half.scale.lowerBound == 0.47 && half.clutter == 2)
    let drawn = [0, 0.5, 1].map { level in
      GlyphDifficulty.level(level)
    }.map { GlyphMaker(seed: 0, count: 100, $0).image(label: 3, number: 7).pixels }
    #expect(Set(drawn).count == 3)
    let folder = try TemporaryFolder()
    try GlyphMaker(seed: 2, count: 60, difficulty: 0.25).write(to: folder.path + "/g")
    let manifest = try DataManifest(contentsOf: folder.path + "/g/" + Dataset.manifestName)
    #expect(manifest.origin.hasSuffix("--seed 2 --count 60 --difficulty 0.25"))
  }

  @Test("sine and cosine are right to the last digits")
  func turn() {
    for step in -360...360 {
      let turn = ExactTurn(degrees: Double(step))
      let angle = Double(step) * .pi / 180
      #expect(abs(turn.sine - sin(angle)) < 1e-11 && abs(turn.cosine - cos(angle)) < 1e-11)
    }
  }
}
