import Foundation
public import Settings

/// What `Data/NAME.yaml` says of a data set: what it is, whose it is, where it lies and what makes sense with it.
///
/// The `path` is looked for beside the manifest, then in every folder of `$CONDENSE_DATA` (separated by colons), then
/// in `data/` of the cache, where `condense data fetch` puts it.
public struct DataManifest: Configurable, Sendable {
  /// Whether the data itself separates training from test images.
  public enum Splits: String, SettingChoice, Sendable {
    case given
    case derived
  }

  /// Its name: the file's name without `.yaml`.
  public var name = ""
  /// Where the manifest lies.
  public var file = ""
  /// One line for people.
  public var summary = ""
  /// Who made it, and where it comes from.
  public var origin = ""
  /// Under which terms it may be used.
  public var license = ""
  /// The file or folder that holds the data.
  public var path = ""
  /// Where it can be fetched, if there is such a place.
  public var url: String?
  /// The SHA-256 of the file, hexadecimal; for folders there is none.
  public var sha256: String?
  /// The maker of a data set that Condense draws itself.
  public var made: String?
  /// What is drawn, for data that Condense draws itself: the seed of every draw, how many images, and how hard they are.
  public var seed = 0
  public var count = 10_000
  public var difficulty = 1.0
  /// Whether the data has splits; `nil` leaves it to the data.
  public var splits: Splits?
  /// What the folder of validation images is for where the data has no test images.
  public var valFolder: ValFolder?
  /// The augmentations that keep what an image means.
  public var augmentations: [String] = []

  /// An empty manifest.
  public init() {}

  /// Every setting.
  public static var settings: [Setting<DataManifest>] {
    [
      Setting("summary", \.summary, required: true, "one line for people"),
      Setting("origin", \.origin, required: true, "who made it, and where it comes from"),
      Setting("license", \.license, required: true, "under which terms it may be used"),
      Setting("path", \.path, required: true, "the file or folder that holds the data"),
      Setting("url", \.url, "where it can be fetched"),
      Setting("sha256", \.sha256, "checksum of the file, 64 hexadecimal digits"),
      Setting("made", \.made, "the maker, for data that Condense draws itself (glyphs, scenes)"),
      Setting("seed", \.seed, in: 0...Int.max, "with made: the seed of every draw"),
      Setting("count", \.count, in: GlyphMaker.counts, "with made: how many images"),
      Setting("difficulty", \.difficulty, in: GlyphMaker.levels, "with made: how hard the images are"),
      Setting("splits", \.splits, "given where the data has splits, derived where it has none; checked"),
      Setting(
        "val-folder", \.valFolder,
        "what val/ is for where there is no test/: test (and validation is taken from train/) or val"),
      Setting("augmentations", \.augmentations, "augmentations that keep what an image means"),
    ]
  }

  /// Reads a manifest.
  public init(contentsOf file: String) throws(DatasetError) {
    do {
      let node = try SettingsNode(contentsOf: file)
      let name = NamedFiles.name(ofPath: file)
      try self.init(from: node, owner: "the data set \(name)")
      self.name = name
      self.file = file
      try check(node)
    } catch {
      throw .invalidManifest(error)
    }
  }

  /// What draws the data; `nil` where it is not Condense that does.
  public var maker: (any ImageMaker)? {
    switch made {
    case SceneMaker.name: SceneMaker(seed: UInt64(seed), count: count)
    case GlyphMaker.name: GlyphMaker(seed: UInt64(seed), count: count, difficulty: difficulty)
    default: nil
    }
  }

  /// The names of what Condense draws itself.
  private static let makers = [GlyphMaker.name, SceneMaker.name]

  private func check(_ node: SettingsNode) throws(SettingsError) {
    if let list = node["augmentations"] {
      for item in try list.list("augmentations") {
        let name = try item.string("augmentations")
        let known = AugmentationCatalogue.names
        guard !known.contains(name) else { continue }
        throw .unknownKey(
          item.mark, key: name, owner: "augmentations", suggestion: Spelling.nearest(to: name, among: known),
          known: known)
      }
    }
    if let sha256, sha256.count != 64 || !sha256.allSatisfy(\.isHexDigit) {
      throw .invalid(
        node["sha256"]?.mark ?? node.mark, key: "sha256", reason: "expected 64 hexadecimal digits")
    }
    if let made, !Self.makers.contains(made) {
      throw .invalid(
        node["made"]?.mark ?? node.mark, key: "made",
        reason: "expected \(Self.makers.joined(separator: " or ")), found \"\(made)\"")
    }
    if made == SceneMaker.name, let value = node["difficulty"] {
      throw .invalid(value.mark, key: "difficulty", reason: "is for \(GlyphMaker.name); leave it out")
    }
    for key in ["seed", "count", "difficulty"] where made == nil {
      guard let value = node[key] else { continue }
      let makers = key == "difficulty" ? [GlyphMaker.name] : Self.makers
      let said = makers.map { "`made: \($0)`" }.joined(separator: " or ")
      let reason = "is for data that Condense draws itself; say \(said) too"
      throw .invalid(value.mark, key: key, reason: reason)
    }
    if path.split(separator: "/").contains("..") {
      throw .invalid(node["path"]?.mark ?? node.mark, key: "path", reason: "must not lead upwards")
    }
  }

  /// Every manifest of some folders by name; the first folder that has a name counts.
  public static func all(in folders: [String]) throws(DatasetError) -> [DataManifest] {
    var manifests: [DataManifest] = []
    for file in NamedFiles(in: folders).all { manifests.append(try DataManifest(contentsOf: file.path)) }
    return manifests.sorted { $0.name < $1.name }
  }

  /// The manifest of a name, if some folder has it.
  public static func find(_ name: String, in folders: [String]) throws(DatasetError) -> DataManifest? {
    guard let path = NamedFiles(in: folders).path(of: name) else { return nil }
    return try DataManifest(contentsOf: path)
  }

  /// What is wrong where the data has splits and the manifest says otherwise, or the other way round.
  func contradiction(isGiven: Bool, path: String) -> DatasetError? {
    guard let splits, (splits == .given) != isGiven else { return nil }
    return .splits(path: path, manifest: name, expected: splits)
  }

  /// Where the data may lie, in the order in which it is looked for.
  public func candidates(_ options: DatasetOptions) -> [String] {
    guard !path.hasPrefix("/") else { return [path] }
    let beside = URL(filePath: file).deletingLastPathComponent().path(percentEncoded: false)
    return ([beside] + options.sourceDirectories).map { ($0.hasSuffix("/") ? $0 : $0 + "/") + path }
  }

  /// Where the data lies; what Condense draws itself is drawn when it is nowhere yet.
  func located(_ options: DatasetOptions) throws(DatasetError) -> String {
    let candidates = candidates(options)
    if let found = candidates.first(where: { FileManager.default.fileExists(atPath: $0) }) {
      try verify(found)
      return found
    }
    guard let maker, let target = candidates.last else {
      throw .notFetched(name: name, path: candidates.last ?? path)
    }
    guard path.hasPrefix("/") || !options.sourceDirectories.isEmpty else { throw .nowhereToDraw(name: name) }
    try maker.write(to: target, threads: options.threads)
    return target
  }

  private func verify(_ path: String) throws(DatasetError) {
    guard let sha256, !FileManager.default.fileExists(atPath: path + "/.") else { return }
    let found = try CacheFiles.address(ofFile: path)
    guard found == sha256.lowercased() else {
      throw .wrongChecksum(path: path, expected: sha256, found: found)
    }
  }
}
