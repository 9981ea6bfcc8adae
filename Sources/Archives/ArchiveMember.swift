/// A regular file in an archive.
public struct ArchiveMember: Sendable, Hashable {
  /// Its name, cleaned: components parted by single slashes, no `.` or `..`, not absolute, unique in the archive.
  public let path: String
  /// Its unpacked size in bytes.
  public let size: Int
  /// Its place among all entries of the archive, folders and links included.
  public let ordinal: Int
  /// Where its content lies in the file, for a plain tar; nil elsewhere.
  public let offset: Int?
}

/// An entry that is passed over, and why.
public struct RefusedMember: Sendable, Hashable {
  /// Why an entry is passed over.
  public enum Reason: String, Sendable {
    /// The name starts with a slash.
    case absolutePath = "its path is absolute"
    /// The name holds `..`.
    case parentPath = "its path leads upwards"
    /// Nothing of the name is left, or a character in it cannot be part of a name.
    case unusablePath = "its path is unusable"
    /// An earlier member has the same name; that one counts.
    case duplicate = "an earlier member has the same path"
    /// A symbolic or hard link.
    case link = "it is a link to nothing inside the archive"
    /// A device, socket or pipe.
    case special = "it is not a regular file"
    /// Stored with holes.
    case sparse = "it is stored with holes"
    /// Locked by a password.
    case encrypted = "it is encrypted"
  }

  /// The name as stored.
  public let path: String
  /// Why it is passed over.
  public let reason: Reason
  /// For a link: the path inside the archive that it points at; nil where it leads out, and elsewhere.
  public var target: String?

  /// Makes an entry.
  public init(path: String, reason: Reason, target: String? = nil) {
    self.path = path
    self.reason = reason
    self.target = target
  }
}
