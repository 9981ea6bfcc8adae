import CArchive

/// A kind of archive, told by content and never by name.
public enum ArchiveKind: Int, Sendable {
  /// A plain tar: every member can be read where it lies.
  case tar = 1
  /// A tar inside gzip: read in one pass.
  case tarGzip = 2
  /// A zip.
  case zip = 3
  /// A single file inside gzip: an archive of one member, named like the file without `.gz`.
  case gzip = 4
}

/// A tar, tar.gz, zip or gz file, read in place.
///
/// Only regular files are members; folders are passed over in silence, links, devices and entries with hostile names
/// with a reason. A damaged or truncated archive is an error, even if all members up to the damage were sound.
///
/// ```swift
/// let archive = try Archive(path: "cifar10.tar.gz")
/// try archive.forEachMember { member, bytes in print(member.path, bytes.count) }
/// ```
public struct Archive: Sendable, Equatable {
  /// What an archive holds.
  public struct Index: Sendable, Equatable {
    /// The regular files, in stored order (a zip: in order of their place in the file).
    public let members: [ArchiveMember]
    /// The entries passed over, in stored order.
    public let refused: [RefusedMember]
  }

  /// Where the file lies.
  public let path: String
  /// What its content is.
  public let kind: ArchiveKind
  /// The most bytes that one member may unpack to.
  public let memberLimit: Int

  /// An archive by its content.
  ///
  /// **Throws** `ArchiveError.notReadable` or `.notAnArchive`.
  public init(path: String, memberLimit: Int = 1 << 30) throws(ArchiveError) {
    guard let kind = try ArchiveCursor(path: path).kind else { throw .notAnArchive(path: path) }
    self.path = path
    self.kind = kind
    self.memberLimit = memberLimit
  }

  /// Whether the file is there and its content is that of an archive.
  public static func isArchive(_ path: String) -> Bool {
    (try? Archive(path: path)) != nil
  }

  /// The members, without their content; a tar.gz or gz file is inflated once for it.
  public func index() throws(ArchiveError) -> Index {
    let cursor = try ArchiveCursor(path: path)
    var members: [ArchiveMember] = []
    while let member = try cursor.next() {
      if member.size < 0 {
        let size = try measure(cursor, member)
        members.append(
          ArchiveMember(path: member.path, size: size, ordinal: member.ordinal, offset: member.offset))
      } else {
        members.append(member)
      }
    }
    return Index(members: members, refused: cursor.refused)
  }

  /// The members of `index()`.
  public func members() throws(ArchiveError) -> [ArchiveMember] { try index().members }

  /// Lends every member's bytes in stored order, in one pass on this thread.
  ///
  /// `ArchiveStream` does the same for several threads.
  public func forEachMember(_ body: (ArchiveMember, Span<UInt8>) throws -> Void) throws {
    let stream = try ArchiveStream(self)
    while let block = try stream.next() {
      for i in block.members.indices {
        try block.withBytes(of: i) { bytes in try body(block.members[i], bytes) }
      }
    }
  }

  private func measure(_ cursor: ArchiveCursor, _ member: ArchiveMember) throws(ArchiveError) -> Int {
    var chunk = [UInt8](repeating: 0, count: 256 * 1024)
    var size = 0
    while true {
      let read = try unsafe cursor.read(into: &chunk, count: chunk.count)
      if read == 0 { return size }
      size += read
      guard size <= memberLimit else {
        throw .memberTooLarge(path: path, member: member.path, limitBytes: memberLimit)
      }
    }
  }
}
