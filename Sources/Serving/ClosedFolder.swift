import Foundation

/// A folder of which nothing outside is read: its names are single names, and no link is followed.
///
/// Names come from requests and from files that others wrote; a name with a slash, a point alone or two, or one that is not in the
/// folder is nothing.
struct ClosedFolder: Sendable {
  let path: String

  /// The folder that a user named; links on the way to it are the user's own.
  init(_ path: String) { self.path = URL(filePath: path).resolvingSymlinksInPath().path }

  private init(within path: String) { self.path = path }

  /// The names in it, sorted; none where it cannot be read.
  var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
  }

  /// A folder in it.
  func folder(_ name: String) -> ClosedFolder? {
    kind(of: name) == .typeDirectory ? ClosedFolder(within: path + "/" + name) : nil
  }

  /// Whether it holds a regular file of a name.
  func hasFile(_ name: String) -> Bool { kind(of: name) == .typeRegular }

  /// The bytes of a regular file; `nil` where there is none, or it has more than `limit`.
  func bytes(_ name: String, limit: Int = 1 << 28) -> Data? {
    guard hasFile(name), let size = number(.size, of: name), size <= limit else { return nil }
    return FileManager.default.contents(atPath: path + "/" + name)
  }

  /// When a file was last written, in seconds since 1970.
  func changed(_ name: String) -> Double? {
    (attributes(of: name)?[.modificationDate] as? Date)?.timeIntervalSince1970
  }

  /// The number by which the file system knows a file.
  func identity(_ name: String) -> Int? { number(.systemFileNumber, of: name) }

  private func number(_ key: FileAttributeKey, of name: String) -> Int? {
    (attributes(of: name)?[key] as? NSNumber)?.intValue
  }

  private func kind(of name: String) -> FileAttributeType? {
    attributes(of: name)?[.type] as? FileAttributeType
  }

  /// What the file system says of a name itself, not of what a link leads to.
  private func attributes(of name: String) -> [FileAttributeKey: Any]? {
    guard !name.isEmpty, name != ".", name != "..", !name.utf8.contains(where: { $0 == 0 || $0 == 0x2F })
    else { return nil }
    return try? FileManager.default.attributesOfItem(atPath: path + "/" + name)
  }
}
