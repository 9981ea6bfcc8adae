import Crypto
import Settings

/// The images of a scan sorted by (split, class, path), and the problems of the other files.
struct Sorting {
  /// One image.
  struct File {
    var split: Split?
    var label: Int
    var path: Substring
    var digest: ContentDigest
    /// The index of the file in the scan.
    var position: Int
  }

  private(set) var files: [File] = []
  private(set) var classes: [String] = []
  private(set) var problems: [FileProblem] = []
  private(set) var messages: [String] = []
  let layout: FolderLayout

  /// The groups of class folders that form classes; `nil` if each folder is a class.
  private var groups: ClassGroups?

  /// Sorts the files of a scan into classes, merged by `groups`.
  init(_ scan: Scan, path: String, groups: ClassGroups? = nil) throws(DatasetError) {
    let images = scan.files.compactMap { $0.format == nil ? nil : $0.path }
    guard !images.isEmpty else {
      let problems = scan.files.compactMap { file in
        file.problem.map { FileProblem(file: file.path, kind: .unreadable, reason: $0) }
      }
      guard problems.isEmpty else { throw .badFiles(path: path, problems: problems) }
      throw scan.files.isEmpty ? .empty(path: path) : .noImages(path: path, files: scan.files.count)
    }
    layout = FolderLayout(images)
    if let refusal = layout.refusal { throw .folders(path: path, refusal) }
    messages = layout.messages
    let places = scan.files.map { layout.place(of: $0.path) }
    try findClasses(scan, places, path: path)
    place(scan, places)
    if let groups { try take(groups, path: path) }
    sort(scan)
  }

  /// Replaces the classes by their groups, and the labels accordingly.
  private mutating func take(_ groups: ClassGroups, path: String) throws(DatasetError) {
    let labels = try groups.labels(of: classes, path: path)
    for position in files.indices { files[position].label = labels[files[position].label] }
    messages.append(
      "\(classes.count) classes are taken as \(groups.groups.count): "
        + groups.groups.map { "\($0.name) (\($0.members.joined(separator: ", ")))" }.joined(separator: ", "))
    classes = groups.groups.map(\.name)
    self.groups = groups
  }

  private mutating func findClasses(
    _ scan: Scan, _ places: [FolderLayout.Place?], path: String
  ) throws(DatasetError) {
    var names: [Split?: Set<Substring>] = [:]
    var images = 0
    var last: FolderLayout.Place?
    for position in places.indices where scan.files[position].format != nil {
      images += 1
      guard let place = places[position], place.split != last?.split || place.name != last?.name else {
        continue
      }
      names[place.split, default: []].insert(place.name)
      last = place
    }
    let all = names.values.reduce(into: Set<Substring>()) { $0.formUnion($1) }
    // A refused archive member also has a class in its path; check its name too, as the member is dropped
    // later.
    let refused = scan.files.indices.compactMap { scan.files[$0].problem == nil ? nil : places[$0]?.name }
    if let bad = all.union(refused).filter(\.holdsControlCharacter).min() {
      throw .controlCharacter(path: path, name: String(bad))
    }
    guard let one = all.first else {
      let example = scan.files.first { $0.format != nil }?.path ?? ""
      throw .noClasses(path: path, images: images, example: example)
    }
    guard all.count > 1 else { throw .singleClass(path: path, name: String(one)) }
    guard all.count <= Dataset.maximumClasses else {
      throw .tooManyClasses(path: path, found: all.count, limit: Dataset.maximumClasses)
    }
    if let training = names[.train] {
      for split in [Split.validation, .test] {
        let unseen = (names[split] ?? []).subtracting(training)
        guard unseen.isEmpty else {
          throw .onlyInTest(path: path, classes: unseen.map(String.init).sorted(), split: split)
        }
      }
    }
    classes = all.map(String.init).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private mutating func place(_ scan: Scan, _ places: [FolderLayout.Place?]) {
    let labels = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($0.element[...], $0.offset) })
    var outside = 0
    var others = OtherFiles()
    var withoutImages: [Substring: OtherFiles] = [:]
    var last: (name: Substring, label: Int)?
    files.reserveCapacity(scan.files.count)
    for (position, place) in places.enumerated() {
      let file = scan.files[position]
      if let place, labels[place.name] == nil, let problem = file.problem {
        problems.append(FileProblem(file: file.path, kind: .unreadable, reason: problem))
        continue
      }
      guard let place, let label = last?.name == place.name ? last?.label : labels[place.name] else {
        if scan.files[position].format != nil { outside += 1 }
        if file.format == nil, let place { withoutImages[place.name, default: OtherFiles()].add(file.path) }
        continue
      }
      last = (place.name, label)
      if file.format == nil, file.problem == nil, !file.isNamedLikeAnImage {
        others.add(file.path)
      } else if let problem = file.problem ?? (file.format == nil ? Self.notAnImage : nil) {
        problems.append(FileProblem(file: scan.files[position].path, kind: .unreadable, reason: problem))
      } else {
        files.append(
          File(
            split: place.split, label: label, path: place.path, digest: scan.files[position].digest,
            position: position))
      }
    }
    if outside > 0 { messages.append("\(outside) images outside every class folder are not used") }
    if let note = others.note { messages.append("\(note.count) beside the images left out: \(note.kinds)") }
    for (name, files) in withoutImages.sorted(by: { $0.key < $1.key }) {
      guard let note = files.note else { continue }
      messages.append("\(name)/ is no class, as it holds no PNG or JPEG image: \(note.count), \(note.kinds)")
    }
  }

  static let notAnImage = "expected PNG or JPEG data, found something else; convert or remove it"

  private mutating func sort(_ scan: Scan) {
    files.sort { a, b in
      if a.split != b.split { return (a.split?.order ?? 0) < (b.split?.order ?? 0) }
      if a.label != b.label { return a.label < b.label }
      // Two folders of one split may hold files with the same path below the class: order them by the whole
      // path.
      return a.path != b.path ? a.path < b.path : scan.files[a.position].path < scan.files[b.position].path
    }
    problems.sort { $0.file < $1.file }
  }

  /// The SHA-256 over every image's split, path and digest, in sorted order.
  ///
  /// The path begins with the class.
  var digest: String {
    var hasher = SHA256()
    var buffer: [UInt8] = []
    // The digest covers the groups: the same images in other classes are other data.
    if let groups { buffer.append(contentsOf: groups.node.canonicalJSON.utf8) }
    for file in files {
      buffer.append(UInt8(file.split.map { $0.order + 1 } ?? 0))
      buffer.append(contentsOf: file.path.utf8)
      buffer.append(0)
      file.digest.append(to: &buffer)
      if buffer.count > 1 << 16 {
        hasher.update(data: buffer)
        buffer.removeAll(keepingCapacity: true)
      }
    }
    hasher.update(data: buffer)
    return ContentDigest(hasher.finalize()).hexadecimal
  }
}
