import Foundation

/// Looks at every file of a data set and tells what is wrong, whether or not it could be trained on.
///
/// - unreadable: damage, or no image where one belongs; an archive that cannot be read to its end is one such file
/// - misnamed: the extension says another format than the content; it is still decoded
/// - duplicate: the same pixels twice in one split
/// - leak: the same pixels in two splits, so that testing would meet what was trained on
/// - missing, annotation: what says where things are names an image that is not there, or cannot be understood
/// - odd: a size or a number of channels that nine tenths of the images do not have, a single colour all over, a class
///   without images, or a structure that is no data set
public struct DatasetCheck: Sendable {
  /// One sound image, by its decoded pixels.
  public struct Pixels: Sendable, Equatable {
    /// The path inside the data set.
    public let file: String
    /// Columns.
    public let width: Int
    /// Rows.
    public let height: Int
    /// 1 or 3.
    public let channels: Int
    /// SHA-256 of the decoded bytes, row by row, channels interleaved.
    public let sha256: String
  }

  /// The sound images, by path.
  public let pixels: [Pixels]
  /// The class names; none where the structure gives none.
  public let classes: [String]
  /// What is wrong, by path.
  public let problems: [FileProblem]
  /// How the folders were understood, and what is left out.
  public let messages: [String]

  /// Checks what a user's word stands for: a manifest, a folder or an archive.
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
    // As the data gives them: images carved for validation are not told apart from training images.
    let sides = layout
    do throws(DatasetError) {
      let dataset = try Dataset(scan, path: data, opener: nil, options: options, allowedAugmentations: nil)
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

  /// What is wrong with what is said of the images of a set that was opened.
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

  /// Images unlike nine tenths of the others, and images of one colour.
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

  /// Images whose pixels occurred before.
  private static func repetitions(
    _ files: [ScannedFile], _ splits: [String: Split], _ layout: FolderLayout?
  ) -> [FileProblem] {
    struct Key: Hashable {
      let digest: ContentDigest
      let width: Int32
      let height: Int32
    }
    /// The first file of some pixels, and the first in each split.
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

  /// Every folder that has a file in it or below it.
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
