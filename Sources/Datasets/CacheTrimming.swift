import Foundation

/// Keeps the cache small: removes the least recently used decoded sets and what killed processes left.
///
/// A file that another process has mapped stays readable there after its name is removed.
enum CacheTrimming {
  /// The age in seconds after which a `.part` file belongs to no running process: no set takes a day to
  /// write.
  static let staleSeconds: TimeInterval = 86_400

  private struct Entry {
    let path: String
    let bytes: Int
    let used: Date
  }

  /// Removes the unfinished files of a folder that were last written more than a day ago.
  static func removeStaleParts(in folder: String, now: Date = Date()) {
    for entry in entries(of: folder) where entry.path.hasSuffix(".part") {
      guard now.timeIntervalSince(entry.used) > staleSeconds else { continue }
      try? FileManager.default.removeItem(atPath: entry.path)
    }
  }

  /// Removes complete files of a folder, the least recently used first, until at most `limit` bytes are left.
  ///
  /// The file at `kept` always stays.
  static func trim(_ folder: String, to limit: Int, keeping kept: String) {
    var complete = entries(of: folder).filter { !$0.path.hasSuffix(".part") }
    var total = complete.reduce(0) { $0 + $1.bytes }
    complete.sort { ($0.used, $0.path) < ($1.used, $1.path) }
    for entry in complete where entry.path != kept {
      guard total > limit else { return }
      guard (try? FileManager.default.removeItem(atPath: entry.path)) != nil else { continue }
      total -= entry.bytes
    }
  }

  /// Marks a file as used just now, by its time of change.
  static func touch(_ path: String) {
    try? FileManager.default.setAttributes([.modificationDate: Date()], ofItemAtPath: path)
  }

  private static func entries(of folder: String) -> [Entry] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.compactMap { name in
      let path = folder + "/" + name
      guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else { return nil }
      return Entry(
        path: path, bytes: (attributes[.size] as? NSNumber)?.intValue ?? 0,
        used: attributes[.modificationDate] as? Date ?? .distantPast)
    }
  }
}
