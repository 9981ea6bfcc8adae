public import Archives
public import Settings

/// A file of a data set that cannot be used or should not be trusted, with the reason.
public struct FileProblem: Sendable, Equatable {
  /// The kind of a problem.
  public enum Kind: String, Sendable, CaseIterable {
    /// No image can be read from the file.
    case unreadable
    /// The file's extension names another format than its content has.
    case misnamed
    /// The file's pixels occur twice in one split.
    case duplicate
    /// The file's pixels occur in two splits.
    case leak
    /// The file differs from nearly all others in a way that is rarely intended.
    case odd
    /// An annotation is about an image that is not there.
    case missing
    /// An annotation cannot be understood.
    case annotation
  }

  /// The path inside the data set.
  public let file: String
  /// The kind of the problem.
  public let kind: Kind
  /// The details, as a text for people.
  public let reason: String

  /// Makes a problem.
  public init(file: String, kind: Kind, reason: String) {
    self.file = file
    self.kind = kind
    self.reason = reason
  }
}

/// A problem that keeps a data set from being opened, drawn or fetched.
public enum DatasetError: Error, Sendable, CustomStringConvertible {
  /// A problem with the names and the structure of folders.
  public enum FolderProblem: Sendable, Equatable {
    /// Folders of splits hold images and no folders of classes.
    case flatSplits([String], images: [Int])
    /// A folder is named like a split, and the folders beside it do not show if it is one.
    case unclear(split: [String], others: [String])
    /// Some folders hold folders of splits, others do not.
    case someSplit([String], others: [String])
    /// Several data sets lie side by side, each with splits of the same classes.
    case severalSets([String])
  }

  /// The folders can be read in no way, or in several.
  case folders(path: String, FolderProblem)
  /// The name of a class holds a tab, the end of a line or another control character.
  case controlCharacter(path: String, name: String)
  /// There are too few images to leave some for testing.
  case tooFewImages(path: String, classes: Int)
  /// There is no manifest of this name, and no file or folder at this path.
  case missing(path: String, tried: [String])
  /// A file or folder cannot be read.
  case unreadable(path: String, reason: String)
  /// A file or folder cannot be written.
  case unwritable(path: String, reason: String)
  /// The data set has no files.
  case empty(path: String)
  /// The data set has files, but no images.
  case noImages(path: String, files: Int)
  /// No image lies in a folder of a class.
  case noClasses(path: String, images: Int, example: String)
  /// The images have box annotations without a single box.
  case noThings(path: String, images: Int)
  /// All images are of one class.
  case singleClass(path: String, name: String)
  /// A validation or test split has classes without training images.
  case onlyInTest(path: String, classes: [String], split: Split)
  /// The split that is needed has no images.
  case emptySplit(path: String, split: Split, available: [Split])
  /// Some files cannot be used, and `skipBad` is off.
  case badFiles(path: String, problems: [FileProblem])
  /// A file is not of the expected form.
  case malformed(path: String, expected: String, found: String)
  /// The manifest's data is at none of its places and must be fetched first.
  case notFetched(name: String, path: String)
  /// The data would be drawn at its first use, but there is no folder for it.
  case nowhereToDraw(name: String)
  /// The manifest expects splits and the data has none, or the other way round.
  case splits(path: String, manifest: String, expected: DataManifest.Splits)
  /// There are more classes than `Dataset.maximumClasses`.
  case tooManyClasses(path: String, found: Int, limit: Int)
  case unknownMember(path: String, group: String, name: String, suggestion: String?, known: [String])
  case ungrouped(path: String, name: String, groups: [String])
  case groupedBoxes(path: String)
  /// There is no manifest of this name, but one of a similar name.
  case unknownManifest(name: String, suggestion: String?, known: [String])
  /// A manifest is not valid.
  case invalidManifest(SettingsError)
  /// An archive is not valid.
  case archive(ArchiveError)
  /// A program that is needed is not installed.
  case toolMissing(tool: String, purpose: String)
  /// A download failed.
  case downloadFailed(url: String, reason: String)
  /// A file has another SHA-256 than its manifest says.
  case wrongChecksum(path: String, expected: String, found: String)

  /// Returns `a/, b/`: the first five names, then "…".
  static func folders(_ names: [String]) -> String {
    names.prefix(5).map { $0 + "/" }.joined(separator: ", ") + (names.count > 5 ? ", …" : "")
  }

  /// The message in the form *where: what, expected, found; what to do*.
  public var description: String {
    switch self {
    case .folders(let path, .flatSplits(let names, let images)):
      "\(path): expected one folder of images a class, found the splits "
        + zip(names, images).map { "\($0)/ (\($1) \($1 == 1 ? "image" : "images"))" }.joined(separator: ", ")
        + " without folders of classes; labels in the names of files are not read: "
        + "sort the images into \(names.last ?? "train")/CLASS/ and so on"
    case .folders(let path, .unclear(let split, let others)):
      "\(path): cannot tell whether \(Self.folders(split)) \(split.count == 1 ? "is a split or a class" : "are splits or classes")"
        + (others.isEmpty
          ? ""
          : ": beside \(split.count == 1 ? "it" : "them") \(others.count == 1 ? "lies" : "lie") \(Self.folders(others))")
        + "; call splits train, val and test, move classes into a folder of their own, or take away what is neither"
    case .folders(let path, .someSplit(let names, let others)):
      "\(path): \(Self.folders(names)) \(names.count == 1 ? "has" : "have") train/ and other splits inside, "
        + "\(Self.folders(others)) \(others.count == 1 ? "has" : "have") not; give each class its splits, or none, "
        + "or point at the folder that is the data set"
    case .folders(let path, .severalSets(let names)):
      "\(path): \(Self.folders(names)) each have splits of the same classes: several data sets, of which one can be taken; "
        + "point at \(path)/\(names.first ?? "")"
    case .controlCharacter(let path, let name):
      "\(path): the class folder \(name.debugDescription) has a tab, a line's end or another control character in its "
        + "name, which no table or file of results can hold; rename the folder"
    case .tooFewImages(let path, let classes):
      "\(path): expected enough images to leave some for testing, found \(classes) classes of one image each; "
        + "add images, or give the data a test/ folder"
    case .missing(let path, let tried):
      "\(path): no such data set: expected a manifest from Data/, a folder or an archive"
        + (tried.isEmpty ? "" : "; looked at \(tried.joined(separator: ", "))")
        + "; `condense list datasets` shows the manifests"
    case .unreadable(let path, let reason):
      "\(path): cannot be read: \(reason)"
    case .unwritable(let path, let reason):
      "\(path): cannot be written: \(reason)"
    case .empty(let path):
      "\(path): the data set is empty; expected a folder of images a class, or train/ and test/ of such folders"
    case .noImages(let path, let files):
      "\(path): expected PNG or JPEG images, found \(files) other \(files == 1 ? "file" : "files")"
        + "; convert them or point at another folder"
    case .noClasses(let path, let images, let example):
      "\(path): expected one folder of images a class, found \(images) \(images == 1 ? "image" : "images") outside any "
        + "folder, such as \(example); labels in the names of files are not read: move each image into a folder named after "
        + "its class"
    case .noThings(let path, let images):
      "\(path): expected boxes around things, found none in \(images) annotated images"
    case .singleClass(let path, let name):
      "\(path): expected at least two classes, found only \"\(name)\"; add a folder a class"
    case .onlyInTest(let path, let classes, let split):
      "\(path): \(split.rawValue)/ has classes that train/ lacks: \(classes.joined(separator: ", "))"
        + "; a network cannot learn what it never sees: add training images or remove them"
    case .emptySplit(let path, let split, let available):
      "\(path): no images in the \(split.rawValue) split"
        + (available.isEmpty ? "" : "; there are \(available.map(\.rawValue).joined(separator: ", "))")
    case .badFiles(let path, let problems):
      Self.list(path, problems)
    case .malformed(let path, let expected, let found):
      "\(path): expected \(expected), found \(found)"
    case .notFetched(let name, let path):
      "\(name): its data is not at \(path); `condense data fetch \(name)` gets it"
    case .nowhereToDraw(let name):
      "\(name): drawn when it is first used, and there is no folder to keep it in; "
        + "set CONDENSE_CACHE, XDG_CACHE_HOME or HOME"
    case .splits(let path, let manifest, let expected):
      "\(path): the manifest \(manifest) says \"splits: \(expected.rawValue)\", "
        + (expected == .given ? "the data has no train/ and test/" : "the data has splits of its own")
        + "; correct the manifest, or look whether this is the data that it means"
    case .tooManyClasses(let path, let found, let limit):
      "\(path): \(found) classes, at most \(limit) are accepted; is every folder meant to be a class?"
    case .unknownMember(let path, let group, let name, let suggestion, let known):
      "\(path): groups: \(group) names \"\(name)\", which is no class of the data"
        + (suggestion.map { "; did you mean \"\($0)\"?" } ?? ";")
        + " (\(known.prefix(20).joined(separator: ", "))\(known.count > 20 ? ", …" : ""))"
    case .ungrouped(let path, let name, let groups):
      "\(path): the class \"\(name)\" is in none of the groups \(groups.joined(separator: ", ")); "
        + "each class must be in one: add it to one of them"
    case .groupedBoxes(let path):
      "\(path): expected one folder of images a class, as the manifest has groups of them, found boxes around things; "
        + "leave groups out"
    case .unknownManifest(let name, let suggestion, let known):
      "\(name): no such data set in Data/"
        + (suggestion.map { "; did you mean \"\($0)\"?" } ?? ";") + " (\(known.joined(separator: ", ")))"
    case .invalidManifest(let error):
      error.description
    case .archive(let error):
      error.description
    case .toolMissing(let tool, let purpose):
      "\(tool): not found on this machine, needed for \(purpose); install it (apt-get install \(tool))"
    case .downloadFailed(let url, let reason):
      "\(url): could not be fetched: \(reason)"
    case .wrongChecksum(let path, let expected, let found):
      "\(path): expected SHA-256 \(expected), found \(found); it is not the file that the manifest describes: fetch it again"
    }
  }

  /// True if installing or fetching something helps (exit code 69) rather than mending the input (65).
  public var needsInstallation: Bool {
    switch self {
    case .toolMissing, .notFetched, .nowhereToDraw: true
    default: false
    }
  }

  private static func list(_ path: String, _ problems: [FileProblem]) -> String {
    let shown = problems.prefix(20).map { "  \($0.file): \($0.reason)" }
    let more = problems.count > 20 ? ["  … and \(problems.count - 20) more"] : []
    let noun = problems.count == 1 ? "file" : "files"
    let isReading = problems.allSatisfy { $0.kind == .unreadable }
    return
      ([
        "\(path): \(problems.count) \(noun) cannot be \(isReading ? "read" : "used"); repair or remove, or go on without with --skip-bad:"
      ] + shown + more).joined(separator: "\n")
  }
}
