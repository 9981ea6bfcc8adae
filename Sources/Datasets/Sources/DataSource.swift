import Archives
import Foundation
import Settings

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
  static let all: [any DataSource.Type] = [
    IDXSource.self, CIFARSource.self, FolderSource.self, ArchiveSource.self,
  ]
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
      names = try Self.firstMembers(path)
      return
    }
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: path).filter {
        !IgnoredName.matches(path: $0)
      }
    } catch {
      throw .unreadable(path: path, reason: FileFailure.reason(error, path: path))
    }
    guard !names.isEmpty else { throw .empty(path: path) }
  }

  /// Names of the first members of an archive; none for any other file.
  private static func firstMembers(_ path: String) throws(DatasetError) -> [String] {
    do throws(ArchiveError) {
      let stream = try ArchiveStream(try Archive(path: path), blockBytes: 1 << 16)
      var names: [String] = []
      for _ in 0..<3 {
        guard let block = try stream.next() else { break }
        names += block.members.map(\.path)
      }
      return names
    } catch {
      throw .archive(error)
    }
  }

  /// The whole content of every file whose name passes a test, by name; gzipped files count without their `.gz`.
  ///
  /// For sources of a few large files, in a folder or in an archive.
  func files(where isWanted: (String) -> Bool) throws(DatasetError) -> [(name: String, bytes: [UInt8])] {
    var found: [(name: String, bytes: [UInt8])] = []
    guard isFolder else {
      try Self.forEachMember(of: path) { name, bytes in
        if isWanted(name) { found.append((name, bytes)) }
      }
      return found
    }
    for file in try FolderListing(path).files where isWanted(file) {
      let whole = path + "/" + file
      if Archive.isArchive(whole) {
        try Self.forEachMember(of: whole) { _, bytes in found.append((file, bytes)) }
      } else {
        do {
          found.append((file, [UInt8](try Data(contentsOf: URL(filePath: whole)))))
        } catch {
          throw .unreadable(path: whole, reason: FileFailure.reason(error, path: whole))
        }
      }
    }
    return found
  }

  private static func forEachMember(of path: String, _ body: (String, [UInt8]) -> Void) throws(DatasetError) {
    do throws(ArchiveError) {
      let stream = try ArchiveStream(try Archive(path: path))
      while let block = try stream.next() {
        for (i, member) in block.members.enumerated() where !IgnoredName.matches(path: member.path) {
          body(member.path, Array(block.bytes[block.bounds[i]..<block.bounds[i + 1]]))
        }
      }
    } catch {
      throw .archive(error)
    }
  }
}
