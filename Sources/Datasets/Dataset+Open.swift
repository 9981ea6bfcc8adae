import Crypto
import Foundation

extension Dataset {
  /// Opens a data set: a manifest's name, or the path of a manifest, a folder or an archive.
  ///
  /// Everything is read and decoded once, except where the cache has it from before. Files that cannot be decoded
  /// stop it with their list, unless `skipBad` is on.
  public static func open(_ data: String, options: DatasetOptions = DatasetOptions()) throws(DatasetError)
    -> Dataset
  {
    let location = try DataLocation(path: data)
    let (scan, opener) = try scan(location, options)
    return try Dataset(scan, path: data, opener: opener, options: options, allowedAugmentations: nil)
  }

  static func scan(
    _ location: DataLocation, _ options: DatasetOptions
  ) throws(DatasetError) -> (Scan, (any MemberOpener)?) {
    guard let source = DataSources.all.first(where: { $0.recognizes(location) }) else {
      throw .malformed(
        path: location.path, expected: "a folder, a manifest or an archive (tar, tar.gz, zip)",
        found: "another file")
    }
    let scan = try source.scan(location, options)
    guard case .none = scan.store else { return (scan, nil) }
    return (scan, try source.opener(location, options))
  }

  /// Makes sense of a scan: classes, splits, order.
  init(
    _ scan: Scan, path: String, opener: (any MemberOpener)?, options: DatasetOptions,
    allowedAugmentations: [String]?
  ) throws(DatasetError) {
    let sorting = try Sorting(scan, path: path)
    guard options.skipBad || sorting.problems.isEmpty else {
      throw .badFiles(path: path, problems: sorting.problems)
    }
    let digest = Self.digest(of: sorting.files)
    let given = sorting.givesSplits
    let hasValidation = sorting.files.contains { $0.split == .validation }
    let fraction = given && hasValidation ? 0 : options.validationFraction
    let rule = SplitRule(seed: options.seed, validation: fraction, test: given ? 0 : 0.1)
    let records = Self.records(sorting, scan, rule)
    var counts: [Split: Int] = [:]
    for record in records { counts[record.split, default: 0] += 1 }
    let description = SplitDescription(
      isGiven: given, validationFraction: fraction, testFraction: rule.test, seed: options.seed,
      digest: digest,
      counts: counts)
    self.init(
      path: path, classes: sorting.classes, records: records, digest: digest, splitDescription: description,
      problems: sorting.problems, messages: sorting.messages + [description.description],
      allowedAugmentations: allowedAugmentations, store: scan.store, opener: opener, options: options)
  }

  /// The SHA-256 over every image's relative path and digest, in the order of paths.
  private static func digest(of files: [Sorting.File]) -> String {
    var hasher = SHA256()
    for file in files {
      hasher.update(data: Array((file.split.map { $0.rawValue + "/" } ?? "").utf8))
      hasher.update(data: Array(file.path.utf8))
      hasher.update(data: [0] + file.digest.bytes)
    }
    return ContentDigest(hasher.finalize()).hexadecimal
  }

  private static func records(_ sorting: Sorting, _ scan: Scan, _ rule: SplitRule) -> [Record] {
    var derived: [Int: Split] = [:]
    for label in sorting.classes.indices {
      let members = sorting.files.indices.filter {
        sorting.files[$0].label == label && (sorting.files[$0].split ?? .train) == .train
      }
      let splits = rule.splits(of: members.map { sorting.files[$0].path })
      for (member, split) in zip(members, splits) { derived[member] = split }
    }
    let records = sorting.files.indices.map { position in
      let file = sorting.files[position]
      return Record(
        path: scan.files[file.position].path, annotation: Annotation(label: file.label),
        split: derived[position] ?? file.split ?? .train, place: scan.files[file.position].place,
        file: file.position)
    }
    return Split.allCases.flatMap { split in records.filter { $0.split == split } }
  }
}

/// The images of a scan by (split, class, path), and what is wrong with the others.
struct Sorting {
  struct File {
    var split: Split?
    var label: Int
    var path: Substring
    var digest: ContentDigest
    /// Index into the scan.
    var position: Int
  }

  private(set) var files: [File] = []
  private(set) var classes: [String] = []
  private(set) var problems: [FileProblem] = []
  private(set) var messages: [String] = []
  let givesSplits: Bool

  init(_ scan: Scan, path: String) throws(DatasetError) {
    let images = scan.files.filter { $0.format != nil }
    guard !images.isEmpty else {
      throw scan.files.isEmpty ? .empty(path: path) : .noImages(path: path, files: scan.files.count)
    }
    let layout = FolderLayout(images.map(\.path))
    givesSplits = layout.givesSplits
    let places = scan.files.map { layout.place(of: $0.path) }
    try findClasses(scan, places, path: path)
    sortFiles(scan, places)
  }

  private mutating func findClasses(
    _ scan: Scan, _ places: [FolderLayout.Place?], path: String
  ) throws(DatasetError) {
    var names: [Split?: Set<String>] = [:]
    for (file, place) in zip(scan.files, places) where file.format != nil {
      if let place { names[place.split, default: []].insert(String(place.name)) }
    }
    let all = names.values.reduce(into: Set<String>()) { $0.formUnion($1) }
    let images = scan.files.count { $0.format != nil }
    guard !all.isEmpty else { throw .noClasses(path: path, images: images) }
    guard all.count > 1 else { throw .singleClass(path: path, name: all.first ?? "") }
    if let training = names[.train] {
      for split in [Split.validation, .test] {
        let unseen = (names[split] ?? []).subtracting(training)
        guard unseen.isEmpty else { throw .onlyInTest(path: path, classes: unseen.sorted(), split: split) }
      }
    }
    classes = all.sorted()
  }

  private mutating func sortFiles(_ scan: Scan, _ places: [FolderLayout.Place?]) {
    let labels = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($0.element, $0.offset) })
    var outside = 0
    for (position, place) in places.enumerated() {
      let file = scan.files[position]
      guard let place, let label = labels[String(place.name)] else {
        if file.format != nil { outside += 1 }
        continue
      }
      if let problem = file.problem {
        problems.append(FileProblem(file: file.path, kind: .unreadable, reason: problem))
      } else if file.format == nil {
        problems.append(
          FileProblem(
            file: file.path, kind: .unreadable, reason: "expected PNG or JPEG data, found something else"))
      } else {
        files.append(
          File(split: place.split, label: label, path: place.path, digest: file.digest, position: position))
      }
    }
    if outside > 0 { messages.append("\(outside) images outside every class folder are not used") }
    files.sort {
      let (a, b) = ($0.split?.order ?? 0, $1.split?.order ?? 0)
      return a != b
        ? a < b
        : $0.label != $1.label ? $0.label < $1.label : $0.path.utf8.lexicographicallyPrecedes($1.path.utf8)
    }
    problems.sort { $0.file < $1.file }
  }
}
