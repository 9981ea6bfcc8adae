import Images

/// A format of box annotations: one file in `Boxes/`, one line in `BoxFormats`.
protocol BoxFormat: Sendable {
  /// The name in messages.
  static var name: String { get }
  /// Reads the annotations; `nil` if none of the files is of this format.
  static func read(_ files: BoxFiles) throws(DatasetError) -> BoxAnnotations?
}

/// The formats, in the order in which they are tried; the first that finds its files reads them.
enum BoxFormats {
  static let all: [any BoxFormat.Type] = [VOCBoxes.self, COCOBoxes.self, YOLOBoxes.self]

  /// Reads the box annotations of a scan; `nil` if it has none, so that folders are classes.
  static func read(_ scan: Scan, path: String) throws(DatasetError) -> BoxAnnotations? {
    // A scan without texts has no annotations: skip the work of indexing its files.
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

  /// Returns the size limit in bytes for a file that may hold boxes, by its extension; `nil` for other files.
  static func mostBytes(of path: String) -> Int? {
    guard let dot = path.utf8.lastIndex(of: UInt8(ascii: ".")) else { return nil }
    return switch path[path.index(after: dot)...] {
    case "xml", "txt", "yaml", "yml", "names": 1 << 20
    case "json": 1 << 30
    default: nil
    }
  }
}

/// The box annotations of the images of a scan.
struct BoxAnnotations {
  /// A thing in an image, its class still as a name.
  struct Thing {
    var name: String
    /// The box, in pixels of the image as stored or as shares of its sides.
    var box: Box
    var isDifficult = false
    var isCrowd = false
    /// The area of the thing in pixels, where the annotation says it; else that of the box.
    var area: Float?
  }

  /// An image and the things in it.
  struct AnnotatedImage {
    /// The image's index in the scan.
    var position: Int
    var split: Split?
    var things: [Thing]
    /// True if boxes are shares of the image's sides.
    var isRelative = false
    /// The image's size according to the annotation; `nil` if it says none.
    var size: ImageSize?
  }

  var images: [AnnotatedImage] = []
  /// The classes that are named, including those without things.
  var names: Set<String> = []
  var problems: [FileProblem] = []
  var messages: [String] = []
}

/// The files of a scan, indexed for the formats of boxes.
struct BoxFiles {
  let files: [ScannedFile]
  /// The path of the data, as the user gave it.
  let path: String
  /// The indices of images by the stem of their names: `cat` for `a/cat.jpg`.
  private let stems: [Substring: [Int]]
  /// The image folders that are named after classes, if there are several.
  ///
  /// Text files in them are not read as box annotations.
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

  /// The indices of all images, ascending.
  var images: [Int] { stems.values.flatMap { $0 }.sorted() }

  /// Returns the files with kept text and one of these extensions, sorted by path.
  func texts(_ extensions: String...) -> [(path: String, text: [UInt8])] {
    files.compactMap { file in
      let place = FilePath(file.path)
      guard let text = file.text, extensions.contains(place.suffix) else { return nil }
      // One JSON file annotates all images, so it may lie anywhere.
      guard place.suffix == "json" || !classFolders.contains(place.folder) else { return nil }
      return (file.path, text)
    }.sorted { $0.path < $1.path }
  }

  /// Returns the image whose name has this stem and which is nearest to the file at `path`.
  ///
  /// Of several, images of the given split come first, then the longest common start of the path, then the
  /// first by path.
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
  /// The folder, without a slash at its end; empty if there is none.
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

  /// The path of the folder that holds `folder`; empty if there is none.
  var parent: Substring { folder[..<(folder.lastIndex(of: "/") ?? folder.startIndex)] }

  /// Returns true if the folder's name is neither that of a split nor a usual one for images, such as
  /// `images`.
  static func isOfClass(_ folder: Substring) -> Bool {
    guard let name = folder.split(separator: "/").last else { return false }
    if let split = SplitName(name), split.rest.isEmpty { return false }
    return !["images", "jpegimages", "imgs", "img", "image"].contains(name.lowercased())
  }

  /// The split that a folder of the path is named after, the innermost first.
  var split: Split? {
    for part in folder.split(separator: "/").reversed() {
      if let name = SplitName(part), name.rest.isEmpty { return name.split }
    }
    return nil
  }
}
