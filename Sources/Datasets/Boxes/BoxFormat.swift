import Images

/// A way of saying where things are in images: one file in `Boxes/`, one line in `BoxFormats`.
protocol BoxFormat: Sendable {
  /// The name for people.
  static var name: String { get }
  /// Reads what the files say; `nil` where none of them is of this format.
  static func read(_ files: BoxFiles) throws(DatasetError) -> BoxAnnotations?
}

/// Every format; the first that finds files of its own reads them.
enum BoxFormats {
  static let all: [any BoxFormat.Type] = [VOCBoxes.self, COCOBoxes.self, YOLOBoxes.self]

  /// What a scan says of boxes; `nil` where it has none, so that folders are classes.
  static func read(_ scan: Scan, path: String) throws(DatasetError) -> BoxAnnotations? {
    // Where no text was kept there is nothing to look at, and nothing to pay for.
    guard scan.files.contains(where: { $0.text != nil }) else { return nil }
    let files = BoxFiles(scan.files, path: path)
    for format in all {
      guard var found = try format.read(files), !found.images.isEmpty || !found.problems.isEmpty else {
        continue
      }
      found.messages.insert("boxes as \(format.name) says them", at: 0)
      return found
    }
    return nil
  }

  /// The most bytes of a file that is looked at for boxes, by its name's extension; `nil` for files that hold none.
  static func mostBytes(of path: String) -> Int? {
    guard let dot = path.utf8.lastIndex(of: UInt8(ascii: ".")) else { return nil }
    return switch path[path.index(after: dot)...] {
    case "xml", "txt", "yaml", "yml", "names": 1 << 20
    case "json": 1 << 30
    default: nil
    }
  }
}

/// Where things are in the images of a scan.
struct BoxAnnotations {
  /// A thing in an image.
  struct Thing {
    var name: String
    /// In pixels of the image as stored, or as shares of it.
    var box: Box
    var isDifficult = false
    var isCrowd = false
  }

  /// An image and what is in it.
  struct AnnotatedImage {
    /// Its place in the scan.
    var position: Int
    var split: Split?
    var things: [Thing]
    /// Whether boxes are shares of the image.
    var isRelative = false
    /// The size that the annotation says the image has.
    var size: ImageSize?
  }

  var images: [AnnotatedImage] = []
  /// Classes that are named, with things or without.
  var names: Set<String> = []
  var problems: [FileProblem] = []
  var messages: [String] = []
}

/// The files of a scan, as formats of boxes look at them.
struct BoxFiles {
  let files: [ScannedFile]
  /// What the user called the data.
  let path: String
  /// The places of images by the stem of their names: `cat` of `a/cat.jpg`.
  private let stems: [Substring: [Int]]
  /// Folders of images that are called after classes, where there are several: what lies beside their images is no word about boxes.
  private let classFolders: Set<Substring>

  init(_ files: [ScannedFile], path: String) {
    self.files = files
    self.path = path
    var stems: [Substring: [Int]] = [:]
    for (position, file) in files.enumerated() where file.format != nil || file.isNamedLikeAnImage {
      stems[FilePath(file.path).stem, default: []].append(position)
    }
    self.stems = stems
    var folders: Set<Substring> = []
    for position in stems.values.joined() {
      let folder = FilePath(files[position].path).folder
      if !folder.isEmpty, FilePath.isOfClass(folder) { folders.insert(folder) }
    }
    classFolders = Set(folders.map { $0.split(separator: "/").last ?? $0 }).count > 1 ? folders : []
  }

  /// The places of images.
  var images: [Int] { stems.values.flatMap { $0 }.sorted() }

  /// The files with a text whose names end so, by path.
  func texts(_ extensions: String...) -> [(path: String, text: [UInt8])] {
    files.compactMap { file in
      let place = FilePath(file.path)
      guard let text = file.text, extensions.contains(place.suffix) else { return nil }
      // A text of all images, such as COCO's, may lie anywhere.
      guard place.suffix == "json" || !classFolders.contains(place.folder) else { return nil }
      return (file.path, text)
    }.sorted { $0.path < $1.path }
  }

  /// The image of a name's stem that is nearest to a file: of several the one whose folders it shares most of, then the first by path.
  func image(_ name: Substring, near path: String, split: Split? = nil) -> Int? {
    guard let found = stems[FilePath(String(name)).stem] else { return nil }
    func rank(_ position: Int) -> (Int, Int) {
      let other = files[position].path
      let isOfSplit = split != nil && FilePath(other).split == split
      return (isOfSplit ? 0 : 1, -zip(other.utf8, path.utf8).prefix { $0 == $1 }.count)
    }
    return found.min { (rank($0).0, rank($0).1, files[$0].path) < (rank($1).0, rank($1).1, files[$1].path) }
  }
}

/// The parts of a path within a data set.
struct FilePath {
  /// The folder, without a slash at its end; empty for none.
  let folder: Substring
  /// The name without its extension.
  let stem: Substring
  /// The extension in lower case.
  let suffix: String

  init(_ path: String) {
    let start = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
    folder = start == path.startIndex ? "" : path[..<path.index(before: start)]
    let name = path[start...]
    let dot = name.lastIndex(of: ".") ?? name.endIndex
    stem = name[..<dot]
    suffix = dot == name.endIndex ? "" : name[name.index(after: dot)...].lowercased()
  }

  /// The folder's own name, and the folder around it.
  var parent: Substring { folder[..<(folder.lastIndex(of: "/") ?? folder.startIndex)] }

  /// Whether a folder's own name is none of a split and none that data with boxes gives to its images.
  static func isOfClass(_ folder: Substring) -> Bool {
    guard let name = folder.split(separator: "/").last else { return false }
    if let split = SplitName(name), split.rest.isEmpty { return false }
    return !["images", "jpegimages", "imgs", "img", "image"].contains(name.lowercased())
  }

  /// The split that a folder of the path is called after, the innermost first.
  var split: Split? {
    for part in folder.split(separator: "/").reversed() {
      if let name = SplitName(part), name.rest.isEmpty { return name.split }
    }
    return nil
  }
}
