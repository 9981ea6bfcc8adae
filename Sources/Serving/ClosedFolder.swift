import Foundation

/// A folder that is read without leaving it: names are single path components, and no link is followed.
///
/// Names come from requests and from files of others. A name with a slash, the names `.` and `..`, and names
/// that are not in the folder yield nothing.
struct ClosedFolder: Sendable {
  let path: String

  /// Takes the folder that a user named; links on the way to it are resolved.
  init(_ path: String) { self.path = URL(filePath: path).resolvingSymlinksInPath().path }

  private init(within path: String) { self.path = path }

  /// The names in the folder, sorted; empty if it cannot be read.
  var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
  }

  /// A folder within this one; `nil` for other names.
  func folder(_ name: String) -> ClosedFolder? {
    kind(of: name) == .typeDirectory ? ClosedFolder(within: path + "/" + name) : nil
  }

  /// True if the folder contains a regular file of a name.
  func hasFile(_ name: String) -> Bool { kind(of: name) == .typeRegular }

  /// The bytes of a regular file; `nil` where there is none, or it has more than `limit`.
  func bytes(_ name: String, limit: Int = 1 << 28) -> Data? {
    guard hasFile(name), let size = number(.size, of: name), size <= limit else { return nil }
    return FileManager.default.contents(atPath: path + "/" + name)
  }

  /// The time of a file's last change, in seconds since 1970.
  func changed(_ name: String) -> Double? {
    (attributes(of: name)?[.modificationDate] as? Date)?.timeIntervalSince1970
  }

  /// The inode number of a file.
  func identity(_ name: String) -> Int? { number(.systemFileNumber, of: name) }

  private func number(_ key: FileAttributeKey, of name: String) -> Int? {
    (attributes(of: name)?[key] as? NSNumber)?.intValue
  }

  private func kind(of name: String) -> FileAttributeType? {
    attributes(of: name)?[.type] as? FileAttributeType
  }

  /// The attributes of a name itself, not of a link's target.
  private func attributes(of name: String) -> [FileAttributeKey: Any]? {
    guard !name.isEmpty, name != ".", name != "..", !name.utf8.contains(where: { $0 == 0 || $0 == 0x2F })
    else { return nil }
    return try? FileManager.default.attributesOfItem(atPath: path + "/" + name)
  }
}
