import Glibc

extension Archive {
  /// A copy of a tar.gz as a plain tar at `target`, in which every member can be read in place.
  ///
  /// A plain tar is returned as it is; other kinds are refused as `notAnArchive`. The copy is written beside
  /// `target` and renamed, and only if the archive is sound to its last byte. A copy that exists already is
  /// used.
  public func unpackedTar(at target: String) throws(ArchiveError) -> Archive {
    if kind == .tar { return self }
    guard kind == .tarGzip else { throw .notAnArchive(path: path) }
    if let there = try? Archive(path: target, memberLimit: memberLimit), there.kind == .tar { return there }
    let beside = "\(target).\(getpid()).part"
    try inflate(to: beside)
    do throws(ArchiveError) {
      let copy = try Archive(path: beside, memberLimit: memberLimit)
      _ = try copy.index()
    } catch {
      unsafe unlink(beside)
      throw error
    }
    guard unsafe rename(beside, target) == 0 else {
      let failure = unwritable(target)
      unsafe unlink(beside)
      throw failure
    }
    return try Archive(path: target, memberLimit: memberLimit)
  }

  private func inflate(to target: String) throws(ArchiveError) {
    let cursor = try ArchiveCursor(path: path)
    let file = unsafe open(target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw unwritable(target) }
    defer { close(file) }
    do throws(ArchiveError) {
      var chunk = [UInt8](repeating: 0, count: 256 * 1024)
      while true {
        let read = try unsafe cursor.stream(into: &chunk, count: chunk.count)
        if read == 0 { break }
        var done = 0
        while done < read {
          let written = unsafe chunk.withUnsafeBytes {
            unsafe write(file, $0.baseAddress?.advanced(by: done), read - done)
          }
          guard written > 0 else { throw unwritable(target) }
          done += written
        }
      }
      guard fsync(file) == 0 else { throw unwritable(target) }
    } catch {
      unsafe unlink(target)
      throw error
    }
  }

  private func unwritable(_ target: String) -> ArchiveError {
    .notWritable(path: target, reason: unsafe String(cString: strerror(errno)))
  }
}
