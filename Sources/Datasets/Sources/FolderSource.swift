import Foundation
import Settings

/// The source for folders of images, one folder per class, with or without `train/`, `val/` and `test/`.
enum FolderSource: DataSource {
  static let name = "folder"

  static func recognizes(_ location: DataLocation) -> Bool { location.isFolder }

  static func scan(_ location: DataLocation, _ options: DatasetOptions) throws(DatasetError) -> Scan {
    let listing = try FolderListing(location.path)
    let pool = DecodingPool(options, total: listing.files.count)
    for start in stride(from: 0, to: listing.files.count, by: blockSize) {
      let files = listing.files[start..<min(start + blockSize, listing.files.count)]
      pool.submit { builder in
        for path in files {
          do {
            let data = try Data(contentsOf: URL(filePath: location.path + "/" + path))
            builder.add(path, [UInt8](data)[...])
          } catch {
            // A name that is not UTF-8 has replacement characters here, so its file cannot be opened.
            let reason =
              path.contains("\u{FFFD}")
              ? "its name is not UTF-8; rename it" : FileFailure.reason(error, path: path)
            builder.add(path, problem: "cannot be read: \(reason)")
          }
        }
      }
    }
    var scan = pool.finish()
    scan.folders = listing.folders
    return scan
  }

  static func opener(_ location: DataLocation, _ options: DatasetOptions) -> (any MemberOpener)? {
    Opener(path: location.path)
  }

  private static let blockSize = 64

  private struct Opener: MemberOpener {
    let path: String
    func open() -> any MemberReader { Reader(path: path) }
  }

  private final class Reader: MemberReader {
    let path: String
    init(path: String) { self.path = path }

    func bytes(of member: String) throws(DatasetError) -> [UInt8] {
      do {
        return [UInt8](try Data(contentsOf: URL(filePath: path + "/" + member)))
      } catch {
        throw .unreadable(
          path: path + "/" + member, reason: FileFailure.reason(error, path: path + "/" + member))
      }
    }
  }
}

/// The files and folders below a folder, sorted by their bytes, without ignored names.
struct FolderListing {
  private(set) var files: [String] = []
  private(set) var folders: [String] = []

  /// The depth below which folders are not read; nobody sorts images that deep.
  private static let maximumDepth = 32

  init(_ root: String) throws(DatasetError) {
    try add(root, below: "", ancestors: [])
  }

  /// Adds the content of a folder; a link back to one of its `ancestors` is not followed.
  private mutating func add(_ folder: String, below prefix: String, ancestors: [String]) throws(DatasetError)
  {
    let place = URL(filePath: folder).resolvingSymlinksInPath().path(percentEncoded: false)
    guard ancestors.count < Self.maximumDepth, !ancestors.contains(place) else { return }
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      throw .unreadable(path: folder, reason: FileFailure.reason(error, path: folder))
    }
    for name in names.sorted() where !IgnoredName.matches(path: name) {
      let path = folder + "/" + name
      if FileManager.default.fileExists(atPath: path + "/.") {
        folders.append(prefix + name)
        try add(path, below: prefix + name + "/", ancestors: ancestors + [place])
      } else {
        files.append(prefix + name)
      }
    }
  }
}
