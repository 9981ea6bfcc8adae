import Foundation

/// A check of every file of a data set, also of one that could not be trained on.
///
/// - `unreadable`: the file is damaged, or is no image where one belongs. An archive that cannot be read to
///   its end counts as one such file.
/// - `misnamed`: the extension names another format than the content has; the file is still decoded.
/// - `duplicate`: the same pixels occur twice in one split.
/// - `leak`: the same pixels occur in two splits, so that a test would meet training images.
/// - `missing`: an annotation names an image that is not there.
/// - `annotation`: an annotation cannot be understood.
/// - `odd`: an image has a size or a number of channels that nine tenths of the others do not have, or a
///   single colour; a class has no images; or the structure is not one of a data set.
public struct DatasetCheck: Sendable {
  /// A sound image with the digest of its decoded pixels.
  public struct Pixels: Sendable, Equatable {
    /// The path inside the data set.
    public let file: String
    /// The width in pixels.
    public let width: Int
    /// The height in pixels.
    public let height: Int
    /// The number of channels, 1 or 3.
    public let channels: Int
    /// The SHA-256 of the decoded bytes, row by row with interleaved channels, as hexadecimal digits.
    public let sha256: String
  }

  /// The sound images, sorted by path.
  public let pixels: [Pixels]
  /// The class names; empty if the structure gives none.
  public let classes: [String]
  /// The problems, sorted by path and kind.
  public let problems: [FileProblem]
  /// Notes on the way in which the folders were understood and on files that are left out.
  public let messages: [String]

  /// Checks a data set by the name of a manifest, or the path of a manifest, a folder or an archive.
  ///
  /// Throws only if the data cannot be found or its manifest is not valid; everything else becomes a problem.
  public init(_ data: String, options given: DatasetOptions = DatasetOptions()) throws(DatasetError) {
    var options = given
    options.cacheDirectory = nil
    options.memoryLimit = -1
    options.imageSize = nil
    options.inspectsPixels = true
    options.skipBad = true
    let (path, manifest) = try Dataset.resolve(data, options)
    var found: [FileProblem] = []
    let scan: Scan
    do throws(DatasetError) {
      scan = try Dataset.rawScan(try DataLocation(path: path), options)
    } catch {
      scan = Scan()
      found.append(FileProblem(file: data, kind: .unreadable, reason: error.description))
    }
    let sound = scan.files.filter { $0.format != nil && $0.problem == nil }.sorted { $0.path < $1.path }
    pixels = sound.map {
      Pixels(
        file: $0.path, width: Int($0.place.width), height: Int($0.place.height),
        channels: Int($0.place.channels),
        sha256: $0.pixelDigest?.hexadecimal ?? "")
    }
    let layout = FolderLayout(sound.map(\.path))
    found += Self.fileProblems(scan) + Self.outliers(sound)
    var splits: [String: Split] = [:]
    var hasBoxes = false
    // The splits as the data gives them: validation images taken from training must not count as a leak.
    let sides = layout
    do throws(DatasetError) {
      let dataset = try Dataset(scan, path: data, opener: nil, options: options, allowedAugmentations: nil)
      _ = try manifest?.groups?.labels(of: dataset.classes, path: data)
      classes = dataset.classes
      messages = dataset.messages
      if let error = manifest?.contradiction(isGiven: dataset.splitDescription.isGiven, path: data) {
        found.append(FileProblem(file: data, kind: .odd, reason: error.description))
      }
      hasBoxes = dataset.hasBoxes
      if hasBoxes { found += Self.boxProblems(scan, path: data) }
      for record in dataset.records {
        splits[record.path] =
          dataset.splitDescription.isGiven && !hasBoxes ? sides.place(of: record.path)?.split : record.split
      }
    } catch {
      classes = []
      messages = []
      if found.isEmpty || !scan.files.isEmpty {
        found.append(FileProblem(file: data, kind: .odd, reason: error.description))
      }
    }
    found += Self.repetitions(sound, splits, hasBoxes ? nil : layout)
    if !hasBoxes { found += Self.emptyClasses(scan, classes, layout) }
    problems = found.sorted { ($0.file, $0.kind.rawValue) < ($1.file, $1.kind.rawValue) }
  }

  /// Returns the problems of the box annotations of a set that was opened.
  private static func boxProblems(_ scan: Scan, path: String) -> [FileProblem] {
    guard let annotations = try? BoxFormats.read(scan, path: path),
      let sorting = try? BoxSorting(annotations, scan, path: path)
    else { return [] }
    return sorting.problems.filter { $0.kind != .unreadable }
  }

  private static func fileProblems(_ scan: Scan) -> [FileProblem] {
    scan.files.compactMap { file in
      if let reason = file.problem { return FileProblem(file: file.path, kind: .unreadable, reason: reason) }
      if let reason = file.misnaming { return FileProblem(file: file.path, kind: .misnamed, reason: reason) }
      guard file.format == nil, file.isNamedLikeAnImage else { return nil }
      return FileProblem(file: file.path, kind: .unreadable, reason: Sorting.notAnImage)
    }
  }

  /// Returns images unlike nine tenths of the others, and images of a single colour.
  private static func outliers(_ files: [ScannedFile]) -> [FileProblem] {
    var problems = files.filter(\.isFlat).map {
      FileProblem(file: $0.path, kind: .odd, reason: "every pixel has the same colour")
    }
    func compare(_ what: String, _ value: (ScannedFile) -> String) {
      let groups = Dictionary(grouping: files, by: value)
      guard groups.count > 1,
        let usual = groups.max(by: { ($0.value.count, $0.key) < ($1.value.count, $1.key) }),
        usual.value.count * 10 >= files.count * 9
      else { return }
      for file in files where value(file) != usual.key {
        problems.append(
          FileProblem(file: file.path, kind: .odd, reason: "\(value(file)) \(what); most have \(usual.key)"))
      }
    }
    compare("pixels") { "\($0.place.width)x\($0.place.height)" }
    compare("channels") { "\($0.place.channels)" }
    return problems
  }

  /// Returns images whose pixels occurred before, in the same split or in another.
  private static func repetitions(
    _ files: [ScannedFile], _ splits: [String: Split], _ layout: FolderLayout?
  ) -> [FileProblem] {
    struct Key: Hashable {
      let digest: ContentDigest
      let width: Int32
      let height: Int32
    }
    // The first file with certain pixels, and the first in each split.
    struct Seen {
      let first: ScannedFile
      var bySplit: [(split: Split?, path: String)]
    }
    var seen: [Key: Seen] = [:]
    var problems: [FileProblem] = []
    for file in files {
      guard let digest = file.pixelDigest else { continue }
      let key = Key(digest: digest, width: file.place.width, height: file.place.height)
      let split = splits[file.path]
      guard let before = seen[key] else {
        seen[key] = Seen(first: file, bySplit: [(split, file.path)])
        continue
      }
      if !before.bySplit.contains(where: { $0.split == split }) {
        seen[key]?.bySplit.append((split, file.path))
      }
      let first = before.first
      if let other = before.bySplit.first(where: { $0.split != split }) {
        let names = (other.split?.rawValue ?? "no split", split?.rawValue ?? "no split")
        problems.append(
          FileProblem(
            file: file.path, kind: .leak,
            reason: "LEAK: the same pixels as \(other.path): they are in \(names.0) and in \(names.1)"))
      } else {
        let (mine, theirs) = (layout?.place(of: file.path)?.name, layout?.place(of: first.path)?.name)
        let classes = mine == theirs ? "" : ", which is of another class"
        problems.append(
          FileProblem(file: file.path, kind: .duplicate, reason: "the same pixels as \(first.path)\(classes)")
        )
      }
    }
    return problems
  }

  private static func emptyClasses(_ scan: Scan, _ classes: [String], _ layout: FolderLayout) -> [FileProblem]
  {
    guard !classes.isEmpty else { return [] }
    let filled = foldersWithFiles(scan)
    return scan.folders.filter { layout.className(ofFolder: $0) != nil && !filled.contains($0[...]) }.map {
      FileProblem(file: $0, kind: .odd, reason: "a class without images")
    }
  }

  /// Returns every folder that has a file in it or below it.
  private static func foldersWithFiles(_ scan: Scan) -> Set<Substring> {
    var folders: Set<Substring> = []
    for file in scan.files {
      var path = file.path[...]
      while let end = path.lastIndex(of: "/") {
        path = path[..<end]
        guard folders.insert(path).inserted else { break }
      }
    }
    return folders
  }
}
