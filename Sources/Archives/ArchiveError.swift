/// The reason for which an archive, or a member of it, cannot be read.
public enum ArchiveError: Error, Equatable, CustomStringConvertible {
  /// The file cannot be opened, or is no regular file.
  case notReadable(path: String, reason: String)
  /// The file's content is neither tar, zip nor gzip.
  case notAnArchive(path: String)
  /// The archive ends too early or contradicts itself; `member` is the one being read, if any.
  case damaged(path: String, member: String?, reason: String)
  /// A member unpacks to more than the limit.
  case memberTooLarge(path: String, member: String, limitBytes: Int)
  /// The unpacked copy cannot be written.
  case notWritable(path: String, reason: String)

  /// The message: the place, what was expected, what was found, and a remedy.
  public var description: String {
    switch self {
    case .notReadable(let path, let reason):
      "\(path): expected a file to read, found: \(reason); check the path and its permissions"
    case .notAnArchive(let path):
      "\(path): expected a tar, tar.gz, zip or gz archive, found other content; repack it as one of these"
    case .damaged(let path, let member, let reason):
      "\(path)\(member.map { ": \($0)" } ?? ""): expected a sound archive, found: \(reason); fetch it again"
    case .memberTooLarge(let path, let member, let limit):
      "\(path): \(member): expected at most \(limit) bytes unpacked, found more; unpack the archive into a folder, or remove it"
    case .notWritable(let path, let reason):
      "\(path): cannot be written: \(reason); check free space and permissions"
    }
  }
}
