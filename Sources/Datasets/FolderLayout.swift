/// Reads splits and classes off the paths of a data set: `train/cat/1.png`, `cat/1.png`, or either below one folder.
struct FolderLayout {
  /// Where one file belongs.
  struct Place: Equatable {
    /// The split, where the data gives one.
    var split: Split?
    /// The class.
    var name: Substring
    /// The path below the common folder.
    var path: Substring
  }

  /// Whether the data itself has splits.
  let givesSplits: Bool
  private let prefix: Int

  /// Looks at the paths of all images.
  init(_ paths: [String]) {
    var depth = 0
    while let shared = Self.sharedFolder(paths, below: depth) { depth += shared.utf8.count + 1 }
    prefix = depth
    var hasTraining = false
    var hasSplits = false
    for path in paths {
      let parts = Self.parts(path, below: depth, most: 3)
      guard parts.count == 3, let split = Split(folder: String(parts[0])) else { continue }
      hasSplits = true
      if split == .train { hasTraining = true }
    }
    givesSplits =
      hasTraining
      || hasSplits
        && paths.allSatisfy { path in
          let parts = Self.parts(path, below: depth, most: 3)
          return parts.count == 3 && Split(folder: String(parts[0])) != nil
        }
  }

  /// Where a file belongs; `nil` when it lies outside every class folder.
  func place(of path: String) -> Place? {
    let relative = path.dropUTF8(prefix)
    let parts = Self.parts(path, below: prefix, most: 3)
    if givesSplits {
      guard parts.count == 3, let split = Split(folder: String(parts[0])) else { return nil }
      return Place(split: split, name: parts[1], path: relative)
    }
    guard parts.count >= 2 else { return nil }
    return Place(split: nil, name: parts[0], path: relative)
  }

  /// The class that an empty folder would be, if the folder is where classes are.
  func className(ofFolder path: String) -> Substring? {
    guard path.utf8.count > prefix else { return nil }
    let parts = Self.parts(path, below: prefix, most: 4)
    if givesSplits {
      guard parts.count == 2, Split(folder: String(parts[0])) != nil else { return nil }
      return parts[1]
    }
    return parts.count == 1 ? parts[0] : nil
  }

  /// The folder that holds every image together with further folders, if there is just one and it is no split.
  private static func sharedFolder(_ paths: [String], below depth: Int) -> Substring? {
    guard let first = paths.first else { return nil }
    let parts = parts(first, below: depth, most: 3)
    guard parts.count == 3, Split(folder: String(parts[0])) == nil else { return nil }
    let start = parts[0] + "/"
    let shares = paths.allSatisfy { path in
      let rest = path.dropUTF8(depth)
      return rest.utf8.starts(with: start.utf8) && rest.utf8.dropFirst(start.utf8.count).contains(0x2F)
    }
    return shares ? parts[0] : nil
  }

  /// At most `most` parts of a path, the last with all that remains.
  private static func parts(_ path: String, below depth: Int, most: Int) -> [Substring] {
    path.dropUTF8(depth).split(separator: "/", maxSplits: most - 1)
  }
}

extension String {
  fileprivate func dropUTF8(_ count: Int) -> Substring { self[utf8.index(startIndex, offsetBy: count)...] }
}

/// Names that are never data.
enum IgnoredName {
  /// Whether any part of a path is a dot-file, `__MACOSX`, `Thumbs.db` or `desktop.ini`.
  static func matches(path: String) -> Bool {
    var isStart = true
    for byte in path.utf8 {
      if isStart, byte == 0x2E, path != "." { return true }
      isStart = byte == 0x2F
    }
    guard
      path.contains("__MACOSX") || path.hasSuffix(".db") || path.hasSuffix(".ini") || path.hasSuffix(".INI")
    else { return false }
    return path.split(separator: "/").contains { part in
      part == "__MACOSX" || ["thumbs.db", "desktop.ini"].contains(part.lowercased())
    }
  }
}
