import CArchive

/// One pass over an archive's members, in stored order.
///
/// Invariant: `handle` is live from init to deinit; a cursor is used by one thread at a time.
@safe final class ArchiveCursor {
  let path: String
  let kind: ArchiveKind?
  private(set) var refused: [RefusedMember] = []
  private let handle: OpaquePointer
  private var seen: Set<String> = []
  private var ordinal = -1
  private var current: String?

  init(path: String) throws(ArchiveError) {
    var message = [CChar](repeating: 0, count: 256)
    guard let handle = unsafe condense_archive_open(path, &message) else {
      let text = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      throw .notReadable(path: path, reason: String(decoding: text, as: UTF8.self))
    }
    unsafe self.handle = handle
    self.path = path
    kind = unsafe ArchiveKind(rawValue: Int(condense_archive_kind(handle)))
  }

  deinit { unsafe condense_archive_close(handle) }

  /// The next regular file with a usable name; `nil` at the end of a sound archive.
  ///
  /// The one member of a plain gzip file has the size -1 here.
  func next() throws(ArchiveError) -> ArchiveMember? {
    while true {
      var entry = unsafe condense_entry()
      let status = unsafe condense_archive_next(handle, &entry)
      if status == 0 { return nil }
      guard status > 0 else { throw damage() }
      ordinal += 1
      let stored = kind == .gzip ? gzipName : unsafe String(cString: entry.path)
      if unsafe entry.type == Int32(CONDENSE_ENTRY_FOLDER) { continue }
      if let reason = unsafe reason(type: Int(entry.type)) {
        refused.append(
          RefusedMember(
            path: MemberPath.withoutDots(stored), reason: reason, target: unsafe target(of: entry, at: stored)
          ))
        continue
      }
      switch MemberPath(stored: stored) {
      case .refused(let reason):
        refused.append(RefusedMember(path: MemberPath.withoutDots(stored), reason: reason))
      case .clean(let path):
        guard seen.insert(path).inserted else {
          refused.append(RefusedMember(path: path, reason: .duplicate))
          continue
        }
        current = path
        return unsafe ArchiveMember(
          path: path, size: Int(entry.size), ordinal: ordinal,
          offset: entry.offset < 0 ? nil : Int(entry.offset))
      }
    }
  }

  /// Reads more of the current member; returns the number of bytes, 0 at its end.
  func read(into target: UnsafeMutablePointer<UInt8>, count: Int) throws(ArchiveError) -> Int {
    let read = unsafe condense_archive_read(handle, target, count)
    guard read >= 0 else { throw damage() }
    return Int(read)
  }

  /// Reads more of the whole file, inflated if it is gzip; returns the number of bytes, 0 at its end.
  func stream(into target: UnsafeMutablePointer<UInt8>, count: Int) throws(ArchiveError) -> Int {
    let read = unsafe condense_archive_stream(handle, target, count)
    guard read >= 0 else { throw damage() }
    return Int(read)
  }

  /// Fills `target` with stored bytes from an offset in the file.
  func fill(_ target: UnsafeMutablePointer<UInt8>, count: Int, offset: Int, member: String)
    throws(ArchiveError)
  {
    let read = unsafe condense_archive_at(handle, Int64(offset), target, count)
    guard read >= 0 else { throw damage() }
    guard read == count else {
      throw .damaged(path: path, member: member, reason: "the file ends too early")
    }
  }

  /// The error for damage in the current member.
  func damage(_ reason: String) -> ArchiveError { .damaged(path: path, member: current, reason: reason) }

  private func damage() -> ArchiveError {
    damage(unsafe String(cString: condense_archive_message(handle)))
  }

  /// The name of a plain gzip file's member: the file's name without `.gz`.
  private var gzipName: String {
    let name = path.split(separator: "/").last.map(String.init) ?? ""
    return name.lowercased().hasSuffix(".gz") && name.count > 3 ? String(name.dropLast(3)) : name
  }

  /// The path inside the archive to which a link points; `nil` for other entries and for links that leave it.
  private func target(of entry: condense_entry, at path: String) -> String? {
    guard unsafe entry.type == Int32(CONDENSE_ENTRY_LINK), let link = unsafe entry.link else { return nil }
    return MemberPath.target(of: unsafe String(cString: link), from: unsafe entry.hard != 0 ? nil : path)
  }

  private func reason(type: Int) -> RefusedMember.Reason? {
    switch type {
    case CONDENSE_ENTRY_LINK: .link
    case CONDENSE_ENTRY_SPECIAL: .special
    case CONDENSE_ENTRY_SPARSE: .sparse
    case CONDENSE_ENTRY_ENCRYPTED: .encrypted
    default: nil
    }
  }
}
