/// Reads single members of an archive; each thread needs its own.
///
/// A member of a plain tar is read in place. In other kinds the reader moves forwards to the member, and
/// starts again at the front for an earlier one: read members in the order of the index, or unpack to a tar
/// first.
public final class ArchiveReader {
  private let archive: Archive
  private var cursor: ArchiveCursor
  private var next = 0

  /// Makes a reader at the front of the archive.
  public init(_ archive: Archive) throws(ArchiveError) {
    self.archive = archive
    cursor = try ArchiveCursor(path: archive.path)
  }

  /// The bytes of a member that `archive.index()` listed.
  ///
  /// **Throws** `ArchiveError.damaged` for damage, and if the file has changed since.
  public func read(_ member: ArchiveMember) throws(ArchiveError) -> [UInt8] {
    guard member.size <= archive.memberLimit else {
      throw .memberTooLarge(path: archive.path, member: member.path, limitBytes: archive.memberLimit)
    }
    if let offset = member.offset { return try readInPlace(member, offset) }
    if member.ordinal < next {
      cursor = try ArchiveCursor(path: archive.path)
      next = 0
    }
    while let found = try cursor.next() {
      next = found.ordinal + 1
      if found.ordinal < member.ordinal { continue }
      guard found.path == member.path, found.size < 0 || found.size == member.size else { break }
      return try cursor.readWhole(member, limit: member.size, memberLimit: archive.memberLimit)
    }
    throw .damaged(
      path: archive.path, member: member.path, reason: "the archive is not the one that was indexed")
  }

  /// The bytes of a member of a plain tar, by its place in the file.
  ///
  /// **Throws** `ArchiveError.memberTooLarge`, or `.damaged` if the file ends before the member does.
  public func read(_ path: String, size: Int, offset: Int) throws(ArchiveError) -> [UInt8] {
    try read(ArchiveMember(path: path, size: size, ordinal: 0, offset: offset))
  }

  private func readInPlace(_ member: ArchiveMember, _ offset: Int) throws(ArchiveError) -> [UInt8] {
    var failure: ArchiveError?
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: member.size) { buffer, filled in
      guard let start = buffer.baseAddress else { return }
      do throws(ArchiveError) {
        try unsafe cursor.fill(start, count: member.size, offset: offset, member: member.path)
        filled = member.size
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }
}
