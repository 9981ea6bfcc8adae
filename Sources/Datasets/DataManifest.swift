import Foundation
public import Settings

/// The manifest of a data set, read from `Data/NAME.yaml`: its origin, its licence, its place and its splits.
///
/// The `path` is looked for beside the manifest, then in every folder of `$CONDENSE_DATA` (separated by
/// colons), then in `data/` of the cache, where `condense data fetch` puts it.
public struct DataManifest: Configurable, Sendable {
  /// The origin of the splits.
  public enum Splits: String, SettingChoice, Sendable {
    /// The data separates training from test images.
    case given
    /// The data has no splits: they are derived from the seed.
    case derived
  }

  /// The name: the file's name without `.yaml`.
  public var name = ""
  /// The path of the manifest.
  public var file = ""
  /// The line for lists.
  public var summary = ""
  /// The people who made the data, and its source.
  public var origin = ""
  /// The terms under which the data may be used.
  public var license = ""
  /// The file or folder that holds the data.
  public var path = ""
  /// The address from which the file can be fetched; `nil` if there is none.
  public var url: String?
  /// The SHA-256 of the file as 64 hexadecimal digits; `nil` for folders.
  public var sha256: String?
  /// The name of the maker, for a data set that Condense draws itself; else `nil`.
  public var made: String?
  /// The seed of every draw, for data that Condense draws itself.
  public var seed = 0
  /// The number of images, for data that Condense draws itself.
  public var count = 10_000
  /// The difficulty of glyphs, 0...1; for `made: glyphs` only.
  public var difficulty = 1.0
  /// The expected origin of the splits, checked when the data is opened; `nil` accepts either.
  public var splits: Splits?
  /// The use of a `val/` folder in data without a `test/` folder; `nil` leaves it to the options.
  public var valFolder: ValFolder?
  /// The groups of class folders that form classes; `nil` if each folder is a class.
  public var groups: ClassGroups?
  /// The names of the augmentations after which the annotations of this data still hold.
  public var augmentations: [String] = []

  /// Makes an empty manifest.
  public init() {}

  /// Settings: `summary`, `origin`, `license`, `path`, `url`, `sha256`, `made`, `seed`, `count`,
  /// `difficulty`, `splits`, `val-folder`, `augmentations`.
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
      Setting(
        "groups", \.groups, "classes that are taken together: new names, each with a list of class folders"),
      Setting("augmentations", \.augmentations, "augmentations that keep what an image means"),
    ]
  }

  /// Reads and checks a manifest.
  ///
  /// Throws for unknown augmentations and makers, a malformed checksum, settings of makers without `made`,
  /// and a path with `..`.
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

  /// The maker that draws the data; `nil` for data that Condense does not draw.
  public var maker: (any ImageMaker)? {
    switch made {
    case SceneMaker.name: SceneMaker(seed: UInt64(seed), count: count)
    case GlyphMaker.name: GlyphMaker(seed: UInt64(seed), count: count, difficulty: difficulty)
    default: nil
    }
  }

  /// The names of the makers.
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

  /// Returns the manifests of some folders, sorted by name; the first folder that has a name decides.
  public static func all(in folders: [String]) throws(DatasetError) -> [DataManifest] {
    var manifests: [DataManifest] = []
    for file in NamedFiles(in: folders).all { manifests.append(try DataManifest(contentsOf: file.path)) }
    return manifests.sorted { $0.name < $1.name }
  }

  /// Returns the manifest with a name from the first folder that has it; `nil` if none does.
  public static func find(_ name: String, in folders: [String]) throws(DatasetError) -> DataManifest? {
    guard let path = NamedFiles(in: folders).path(of: name) else { return nil }
    return try DataManifest(contentsOf: path)
  }

  /// Returns an error if the manifest expects splits and the data has none, or the other way round.
  func contradiction(isGiven: Bool, path: String) -> DatasetError? {
    guard let splits, (splits == .given) != isGiven else { return nil }
    return .splits(path: path, manifest: name, expected: splits)
  }

  /// Returns the paths at which the data may lie, in the order in which they are tried.
  public func candidates(_ options: DatasetOptions) -> [String] {
    guard !path.hasPrefix("/") else { return [path] }
    let beside = URL(filePath: file).deletingLastPathComponent().path(percentEncoded: false)
    return ([beside] + options.sourceDirectories).map { ($0.hasSuffix("/") ? $0 : $0 + "/") + path }
  }

  /// Returns the path of the data, its checksum verified; draws data that Condense makes if it is not there
  /// yet.
  func located(_ options: DatasetOptions) throws(DatasetError) -> String {
    let candidates = candidates(options)
    if let found = candidates.first(where: { FileManager.default.fileExists(atPath: $0) }) {
      try verify(found)
      return found
    }
    for candidate in candidates where try !Shard.matching(candidate).isEmpty { return candidate }
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
