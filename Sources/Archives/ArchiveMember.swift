/// A regular file in an archive.
public struct ArchiveMember: Sendable, Hashable {
  /// The cleaned name: components with single slashes between, no `.` or `..`, relative, and unique in the
  /// archive.
  public let path: String
  /// The unpacked size in bytes.
  public let size: Int
  /// The position among all entries of the archive, folders and links included.
  public let ordinal: Int
  /// The offset of its content in the file, for a plain tar; `nil` for other kinds.
  public let offset: Int?
}

/// An entry that is skipped, with the reason.
public struct RefusedMember: Sendable, Hashable {
  /// The reason for which an entry is skipped.
  public enum Reason: String, Sendable {
    /// The name starts with a slash.
    case absolutePath = "its path is absolute"
    /// The name holds `..`.
    case parentPath = "its path leads upwards"
    /// The name is empty after cleaning, or has a control character.
    case unusablePath = "its path is unusable"
    /// An earlier member has the same name and is used.
    case duplicate = "an earlier member has the same path"
    /// A symbolic or hard link.
    case link = "it is a link to nothing inside the archive"
    /// A device, socket or pipe.
    case special = "it is not a regular file"
    /// A file that is stored with holes.
    case sparse = "it is stored with holes"
    /// An entry that a password protects.
    case encrypted = "it is encrypted"
  }

  /// The stored name.
  public let path: String
  /// The reason for which it is skipped.
  public let reason: Reason
  /// The path inside the archive to which a link points; `nil` if it leaves the archive, and for other
  /// entries.
  public var target: String?

  /// Makes an entry.
  public init(path: String, reason: Reason, target: String? = nil) {
    self.path = path
    self.reason = reason
    self.target = target
  }
}
