import Foundation

/// What stands at a path, looked at just enough to tell which source reads it.
struct DataLocation: Sendable {
  /// The path as it is opened.
  let path: String
  /// Whether it is a folder.
  let isFolder: Bool
  /// Names of some members: a folder's entries, an archive's first files.
  let names: [String]
}

/// A way of storing a labelled set of images: one file in `Sources/`, one line in `DataSources`.
protocol DataSource: Sendable {
  /// The name for people.
  static var name: String { get }
  /// Whether this source reads what is at a location.
  static func recognizes(_ location: DataLocation) -> Bool
  /// Reads all of it once: paths as `split/class/file` or `class/file`, decoded pixels as far as memory allows.
  static func scan(_ location: DataLocation, _ options: DatasetOptions) throws(DatasetError) -> Scan
  /// How single members are read again when pixels are not kept.
  static func opener(_ location: DataLocation, _ options: DatasetOptions) throws(DatasetError)
    -> (any MemberOpener)?
}

/// Every source; the first that recognizes a location reads it.
enum DataSources {
  static let all: [any DataSource.Type] = [FolderSource.self]
}

extension DataLocation {
  /// Looks at a path; a folder must have something in it.
  init(path: String) throws(DatasetError) {
    guard FileManager.default.fileExists(atPath: path) else {
      throw .missing(path: path, tried: [])
    }
    self.path = path
    isFolder = FileManager.default.fileExists(atPath: path + "/.")
    guard isFolder else {
      names = []
      return
    }
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: path).filter {
        !IgnoredName.matches(path: $0)
      }
    } catch {
      throw .unreadable(path: path, reason: error.localizedDescription)
    }
    guard !names.isEmpty else { throw .empty(path: path) }
  }
}
