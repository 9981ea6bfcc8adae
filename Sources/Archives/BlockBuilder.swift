/// Gathers members into blocks, and reads each member's bytes into their final place.
struct BlockBuilder {
  private let cursor: ArchiveCursor
  private let blockBytes: Int
  private let memberLimit: Int
  private var pending: ArchiveMember?
  private var ordinal = 0
  private var ended = false

  init(_ cursor: ArchiveCursor, blockBytes: Int, memberLimit: Int) {
    self.cursor = cursor
    self.blockBytes = max(1, blockBytes)
    self.memberLimit = memberLimit
  }

  var refused: [RefusedMember] { cursor.refused }

  /// The next block of at least one member; `nil` at the end.
  mutating func next() throws(ArchiveError) -> ArchiveBlock? {
    guard let first = try nextMember() else { return nil }
    defer { ordinal += 1 }
    guard first.size >= 0 && first.size <= blockBytes else { return try blockOfOne(first) }
    var members: [ArchiveMember] = []
    var bounds = [0]
    var failure: ArchiveError?
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: blockBytes) { buffer, filled in
      guard let start = buffer.baseAddress else { return }
      do throws(ArchiveError) {
        var member: ArchiveMember? = first
        while let found = member {
          guard found.size >= 0 && found.size <= blockBytes - filled else {
            pending = found
            break
          }
          try unsafe read(found, into: start + filled)
          filled += found.size
          members.append(found)
          bounds.append(filled)
          member = try nextMember()
        }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return ArchiveBlock(ordinal: ordinal, members: members, bytes: bytes, bounds: bounds)
  }

  private mutating func nextMember() throws(ArchiveError) -> ArchiveMember? {
    if let pending {
      self.pending = nil
      return pending
    }
    if ended { return nil }
    guard let member = try cursor.next() else {
      ended = true
      return nil
    }
    guard member.size <= memberLimit else {
      throw .memberTooLarge(path: cursor.path, member: member.path, limitBytes: memberLimit)
    }
    return member
  }

  /// Reads a member of known size, and reads beyond it to verify its end and its checksum.
  private func read(_ member: ArchiveMember, into start: UnsafeMutablePointer<UInt8>) throws(ArchiveError) {
    var done = 0
    while done < member.size {
      let read = try unsafe cursor.read(into: start + done, count: member.size - done)
      guard read > 0 else { throw cursor.damage("\(done) bytes where \(member.size) were declared") }
      done += read
    }
    var beyond: UInt8 = 0
    guard try unsafe cursor.read(into: &beyond, count: 1) == 0 else {
      throw cursor.damage("more bytes than the \(member.size) declared")
    }
  }

  /// A block of one member that is large or of unknown size, with memory that grows as bytes arrive.
  private func blockOfOne(_ member: ArchiveMember) throws(ArchiveError) -> ArchiveBlock {
    let limit = member.size < 0 ? memberLimit : member.size
    let bytes = try cursor.readWhole(member, limit: limit, memberLimit: memberLimit)
    let found = ArchiveMember(
      path: member.path, size: bytes.count, ordinal: member.ordinal, offset: member.offset)
    return ArchiveBlock(ordinal: ordinal, members: [found], bytes: bytes, bounds: [0, bytes.count])
  }
}

extension ArchiveCursor {
  /// All bytes of the current member, in memory that grows as they arrive.
  func readWhole(_ member: ArchiveMember, limit: Int, memberLimit: Int) throws(ArchiveError) -> [UInt8] {
    var bytes: [UInt8] = []
    let part = 256 * 1024
    var chunk = [UInt8](repeating: 0, count: part)
    while true {
      let read = try unsafe self.read(into: &chunk, count: part)
      if read == 0 { break }
      bytes.append(contentsOf: chunk[..<read])
      guard bytes.count <= limit else {
        if member.size >= 0 { throw damage("more bytes than the \(member.size) declared") }
        throw .memberTooLarge(path: path, member: member.path, limitBytes: memberLimit)
      }
    }
    guard member.size < 0 || bytes.count == member.size else {
      throw damage("\(bytes.count) bytes where \(member.size) were declared")
    }
    return bytes
  }
}
