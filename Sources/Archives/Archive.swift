import CArchive

/// A kind of archive, detected by the content and not by the name.
public enum ArchiveKind: Int, Sendable {
  /// A plain tar, in which every member can be read in place.
  case tar = 1
  /// A tar inside gzip, which is read in one pass.
  case tarGzip = 2
  /// A zip.
  case zip = 3
  /// A single file inside gzip: an archive of one member, which has the file's name without `.gz`.
  case gzip = 4
}

/// A tar, tar.gz, zip or gz file, which is read without unpacking.
///
/// Only regular files are members. Folders are skipped silently; links, devices and entries with unsafe names
/// are skipped with a reason. A damaged or truncated archive is an error, even if all members up to the
/// damage are sound.
///
/// ```swift
/// let archive = try Archive(path: "cifar10.tar.gz")
/// try archive.forEachMember { member, bytes in print(member.path, bytes.count) }
/// ```
public struct Archive: Sendable, Equatable {
  /// The contents of an archive.
  public struct Index: Sendable, Equatable {
    /// The regular files in stored order; for a zip, in the order of their places in the file.
    public let members: [ArchiveMember]
    /// The skipped entries, in stored order.
    public let refused: [RefusedMember]
  }

  /// The path of the file.
  public let path: String
  /// The kind of its content.
  public let kind: ArchiveKind
  /// The most bytes that one member may unpack to.
  public let memberLimit: Int

  /// Opens an archive, and finds its kind from its content.
  ///
  /// **Throws** `ArchiveError.notReadable` or `.notAnArchive`.
  public init(path: String, memberLimit: Int = 1 << 30) throws(ArchiveError) {
    guard let kind = try ArchiveCursor(path: path).kind else { throw .notAnArchive(path: path) }
    self.path = path
    self.kind = kind
    self.memberLimit = memberLimit
  }

  /// True if the file exists and its content is that of an archive.
  public static func isArchive(_ path: String) -> Bool {
    (try? Archive(path: path)) != nil
  }

  /// Lists the members without their content; a tar.gz or gz file is inflated once for that.
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

  /// Lists the members of `index()`.
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
