import Archives
import Foundation
import Settings
import Tensors

/// The source for folders of images inside a tar, tar.gz or zip.
///
/// The archive is read in place: one thread inflates it while the others decode.
enum ArchiveSource: DataSource {
  static let name = "archive"

  static func recognizes(_ location: DataLocation) -> Bool {
    !location.isFolder && Archive.isArchive(location.path)
  }

  static func scan(_ location: DataLocation, _ options: DatasetOptions) throws(DatasetError) -> Scan {
    let pool = DecodingPool(options)
    var refused: [RefusedMember] = []
    do throws(ArchiveError) {
      let stream = try ArchiveStream(try Archive(path: location.path))
      while let block = try stream.next() {
        pool.submit { builder in
          for (i, member) in block.members.enumerated() where !IgnoredName.matches(path: member.path) {
            builder.add(member.path, block.bytes[block.bounds[i]..<block.bounds[i + 1]])
          }
        }
      }
      refused = stream.refused
    } catch {
      _ = pool.finish()
      throw .archive(error)
    }
    var scan = pool.finish()
    let links = LinkedMembers(refused, among: scan.files.map(\.path))
    let files = Dictionary(scan.files.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    for link in links.links where !IgnoredName.matches(path: link.path) {
      guard var file = files[link.member] else { continue }
      file.path = link.path
      scan.files.append(file)
    }
    scan.files += links.refused.filter { !IgnoredName.matches(path: $0.path) }.map {
      ScannedFile(path: $0.path, problem: "is left out of the archive: \($0.reason.rawValue)")
    }
    return scan
  }

  /// Makes the opener of members.
  ///
  /// A tar is read in place. A tar.gz is unpacked once to a plain tar in the cache, a zip to a folder.
  static func opener(_ location: DataLocation, _ options: DatasetOptions) throws(DatasetError) -> (
    any MemberOpener
  )? {
    let root =
      options.cacheDirectory
      ?? FileManager.default.temporaryDirectory.path(percentEncoded: false) + "/condense"
    let address = try CacheFiles.address(ofFile: location.path)
    let target = try CacheFiles.path("unpacked", address, below: root)
    do throws(ArchiveError) {
      let archive = try Archive(path: location.path)
      guard archive.kind != .zip else { return try unpackedFolder(archive, at: target, options) }
      let tar = try archive.unpackedTar(at: target + ".tar")
      let index = try tar.index()
      var members = Dictionary(index.members.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
      for link in LinkedMembers(index.refused, among: index.members.map(\.path)).links {
        members[link.path] = members[link.member]
      }
      return Opener(tar: tar, members: members)
    } catch {
      throw .archive(error)
    }
  }

  /// Unpacks an archive into a folder that appears only when complete.
  private static func unpackedFolder(
    _ archive: Archive, at target: String, _ options: DatasetOptions
  ) throws(ArchiveError) -> (any MemberOpener)? {
    let files = FileManager.default
    let index = try archive.index()
    let links = LinkedMembers(index.refused, among: index.members.map(\.path)).links
    let target = links.isEmpty ? target : target + "-linked"
    let location = DataLocation(path: target, isFolder: true, names: [])
    if files.fileExists(atPath: target) { return FolderSource.opener(location, options) }
    do {
      try WholeFile.publish(target) { part in try unpack(archive, links, to: part) }
    } catch {
      if let error = error as? ArchiveError { throw error }
      if files.fileExists(atPath: target) { return FolderSource.opener(location, options) }
      let reason = (error as? SystemError)?.description ?? FileFailure.reason(error, path: target)
      throw .notWritable(path: target, reason: reason)
    }
    return FolderSource.opener(location, options)
  }

  /// Writes all members and links of an archive below a folder.
  private static func unpack(
    _ archive: Archive, _ links: [LinkedMembers.Link], to folder: String
  ) throws {
    let files = FileManager.default
    func url(_ path: String) throws -> URL {
      let url = URL(filePath: folder + "/" + path)
      try files.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      return url
    }
    try archive.forEachMember { member, bytes in
      var copy: [UInt8] = []
      copy.reserveCapacity(bytes.count)
      for i in bytes.indices { copy.append(bytes[i]) }
      try Data(copy).write(to: url(member.path))
    }
    for link in links {
      try files.linkItem(at: URL(filePath: folder + "/" + link.member), to: url(link.path))
    }
  }

  private struct Opener: MemberOpener {
    let tar: Archive
    let members: [String: ArchiveMember]

    func open() throws(DatasetError) -> any MemberReader {
      do throws(ArchiveError) {
        return Reader(reader: try ArchiveReader(tar), members: members, path: tar.path)
      } catch {
        throw .archive(error)
      }
    }
  }

  private final class Reader: MemberReader {
    let reader: ArchiveReader
    let members: [String: ArchiveMember]
    let path: String

    init(reader: ArchiveReader, members: [String: ArchiveMember], path: String) {
      self.reader = reader
      self.members = members
      self.path = path
    }

    func bytes(of member: String) throws(DatasetError) -> [UInt8] {
      guard let found = members[member] else {
        throw .unreadable(path: path + "/" + member, reason: "no longer in the archive")
      }
      do throws(ArchiveError) {
        return try reader.read(found)
      } catch {
        throw .archive(error)
      }
    }
  }
}
