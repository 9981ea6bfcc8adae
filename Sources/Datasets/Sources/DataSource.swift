import Archives
import Foundation
import Settings

/// A path with the few names that show which source reads it.
struct DataLocation: Sendable {
  /// The path as it is opened.
  let path: String
  /// True for a folder.
  let isFolder: Bool
  /// The names of some members: a folder's entries, an archive's first files.
  let names: [String]
  /// The shards of a data set that is spread over several tars; else empty.
  var shards: [Shard] = []
}

/// A format of storing labelled images: one file in `Sources/`, one line in `DataSources`.
protocol DataSource: Sendable {
  /// The name in messages.
  static var name: String { get }
  /// Returns true if this source reads the location.
  static func recognizes(_ location: DataLocation) -> Bool
  /// Reads everything once: paths as `split/class/file` or `class/file`, and pixels as far as memory allows.
  static func scan(_ location: DataLocation, _ options: DatasetOptions) throws(DatasetError) -> Scan
  /// Returns the opener that reads single members again if pixels are not held; `nil` if they always are.
  static func opener(_ location: DataLocation, _ options: DatasetOptions) throws(DatasetError)
    -> (any MemberOpener)?
}

/// The sources, in the order in which they are tried; the first that recognizes a location reads it.
enum DataSources {
  static let all: [any DataSource.Type] = [
    IDXSource.self, CIFARSource.self, ShardSource.self, FolderSource.self, ArchiveSource.self,
  ]
}

extension DataLocation {
  /// Looks at a path; throws if nothing is there, or if a folder is empty.
  init(path: String) throws(DatasetError) {
    guard FileManager.default.fileExists(atPath: path) else {
      shards = try Shard.matching(path)
      guard let first = shards.first else { throw .missing(path: path, tried: []) }
      self.path = path
      isFolder = false
      names = try Self.firstMembers(first.path)
      return
    }
    self.path = path
    isFolder = FileManager.default.fileExists(atPath: path + "/.")
    guard isFolder else {
      names = try Self.firstMembers(path)
      if Shard.holdsSamples(names) { shards = Shard.named([path]) }
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
    shards = Shard.within(path, names)
  }

  /// Returns the names of the first members of an archive; none for any other file.
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

  /// Returns the content of every file whose name passes a test; gzipped files count without their `.gz`.
  ///
  /// It serves sources of a few large files, in a folder or in an archive.
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
