import Archives
import Foundation

/// What one shard holds besides its files: which of its images have a class beside them.
struct ShardIndex: Sendable {
  /// The number of files listed.
  private(set) var count = 0
  /// The number of images with a class beside them.
  private(set) var labelled = 0
  /// The positions of the images without one, among the files listed.
  private(set) var unlabelled: [Int] = []
  /// The reasons why a class beside an image is not usable, by the image's position.
  private(set) var reasons: [Int: String] = [:]

  /// The most bytes of a JSON file that is read as the description of one image.
  private static let mostDescription = 1 << 16

  /// Lists the members of a shard, with its number and their offsets as their places.
  ///
  /// An image with a class beside it gets the class as its folder. **Throws** for a damaged shard.
  init(
    _ archive: Archive, _ shard: Shard, number: Int, into builder: inout BlockBuilder
  ) throws(ArchiveError) {
    let stream = try ArchiveStream(archive)
    var labels: [SampleKey: Label] = [:]
    while let block = try stream.next() {
      for (i, member) in block.members.enumerated() where !IgnoredName.matches(path: member.path) {
        let bytes = block.bytes[block.bounds[i]..<block.bounds[i + 1]]
        let key = SampleKey(member.path)
        if key.suffix == "cls" {
          labels[key] = Label(text: bytes)
          continue
        }
        builder.list(member.path, bytes)
        let last = builder.files.count - 1
        builder.files[last].place.block = Int32(truncatingIfNeeded: number)
        builder.files[last].place.offset = member.offset ?? 0
      }
    }
    readDescriptions(&builder.files, &labels)
    addRefused(stream.refused, &builder.files)
    count = builder.files.count
    for position in builder.files.indices {
      let file = builder.files[position]
      if file.format != nil || file.isNamedLikeAnImage {
        switch labels.isEmpty ? nil : labels[SampleKey(file.path)] {
        case .name(let name):
          builder.files[position].path = "\(shard.prefix)\(name)/\(file.path)"
          labelled += 1
          continue
        case .unusable(let reason):
          reasons[position] = "its class beside it is not usable: \(reason)"
          labelled += 1
        case nil: break
        }
        unlabelled.append(position)
      }
      if !shard.prefix.isEmpty { builder.files[position].path = shard.prefix + file.path }
    }
  }

  /// Takes the classes from JSON files beside images, and drops the texts of such files.
  private func readDescriptions(_ files: inout [ScannedFile], _ labels: inout [SampleKey: Label]) {
    guard files.contains(where: { $0.text != nil }) else { return }
    var images: Set<SampleKey> = []
    for file in files where file.format != nil { images.insert(SampleKey(file.path)) }
    for position in files.indices {
      guard let text = files[position].text else { continue }
      let key = SampleKey(files[position].path)
      guard ["json", "txt"].contains(key.suffix), images.contains(key) else { continue }
      if key.suffix == "json", labels[key] == nil, text.count <= Self.mostDescription,
        let label = Label(json: text)
      {
        labels[key] = label
      }
      files[position].text = nil
    }
  }

  /// Adds the names of links inside the shard, and what was left out of it.
  private func addRefused(_ refused: [RefusedMember], _ files: inout [ScannedFile]) {
    guard !refused.isEmpty else { return }
    let links = LinkedMembers(refused, among: files.map(\.path))
    let known = Dictionary(files.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    for link in links.links where !IgnoredName.matches(path: link.path) {
      guard var file = known[link.member] else { continue }
      file.path = link.path
      files.append(file)
    }
    files += links.refused.filter { !IgnoredName.matches(path: $0.path) }.map {
      ScannedFile(path: $0.path, problem: "is left out of the shard: \($0.reason.rawValue)")
    }
  }

  /// The class that stands beside an image.
  private enum Label {
    case name(String)
    case unusable(String)

    /// Reads the content of a `.cls` file.
    init(text: ArraySlice<UInt8>) {
      guard text.count <= 1024, let text = String(validating: text, as: UTF8.self) else {
        self = .unusable("expected a number or a name, found \(text.count) other bytes")
        return
      }
      self.init(name: text.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    /// Reads the member `cls`, `label` or `class` of a JSON object; `nil` if it has none.
    init?(json: [UInt8]) {
      guard let object = try? JSONSerialization.jsonObject(with: Data(json)) as? [String: Any],
        let value = ["cls", "label", "class"].lazy.compactMap({ object[$0] }).first
      else { return nil }
      if let text = value as? String {
        self.init(name: text)
      } else if let number = value as? Int {
        self.init(name: "\(number)")
      } else {
        self = .unusable("expected a number or a name in the JSON file, found another value")
      }
    }

    private init(name: String) {
      guard !name.isEmpty, name.utf8.count <= 255, !name.contains("/"), name != ".", name != "..",
        !name[...].holdsControlCharacter
      else {
        self = .unusable(
          "expected a number or a name without / of 1 to 255 bytes, found \(name.debugDescription)")
        return
      }
      self = .name(name)
    }
  }
}

/// The part of a member's path that the files of one sample share: `a/0001` of `a/0001.jpg`.
struct SampleKey: Hashable {
  /// The path up to the first dot of the file's name.
  let name: Substring
  /// The rest in lower case, without the dot.
  let suffix: String

  init(_ path: String) {
    let start = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { path.utf8.index(after: $0) }
    let dot = path.utf8[(start ?? path.startIndex)...].firstIndex(of: UInt8(ascii: "."))
    name = path[..<(dot ?? path.endIndex)]
    suffix = dot.map { path[path.utf8.index(after: $0)...].lowercased() } ?? ""
  }

  static func == (a: Self, b: Self) -> Bool { a.name == b.name }
  func hash(into hasher: inout Hasher) { hasher.combine(name) }
}
