/// Reads splits and classes off the paths of a data set: `train/cat/1.png`, `cat/1.png`, or either below one folder.
struct FolderLayout {
  /// Where one file belongs.
  struct Place: Equatable {
    /// The split, where the data gives one.
    var split: Split?
    /// The class.
    var name: Substring
    /// The path below the common folder, without the split's folder.
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
    var isSplitThroughout = true
    for path in paths {
      let split = Self.folders(of: path[...].dropUTF8(depth)).flatMap {
        $0.second == nil ? nil : Split(folder: $0.first)
      }
      hasTraining = hasTraining || split == .train
      isSplitThroughout = isSplitThroughout && split != nil
    }
    givesSplits = hasTraining || isSplitThroughout
  }

  /// Where a file belongs; `nil` when it lies outside every class folder.
  func place(of path: String) -> Place? {
    let relative = path[...].dropUTF8(prefix)
    guard let folders = Self.folders(of: relative) else { return nil }
    guard givesSplits else { return Place(split: nil, name: folders.first, path: relative) }
    guard let name = folders.second, let split = Split(folder: folders.first) else { return nil }
    return Place(split: split, name: name, path: relative.dropUTF8(folders.first.utf8.count + 1))
  }

  /// The class that an empty folder would be, if the folder is where classes are.
  func className(ofFolder path: String) -> Substring? {
    guard path.utf8.count > prefix else { return nil }
    let parts = path[...].dropUTF8(prefix).split(separator: "/")
    guard givesSplits else { return parts.count == 1 ? parts[0] : nil }
    return parts.count == 2 && Split(folder: parts[0]) != nil ? parts[1] : nil
  }

  /// The folder that holds every image together with further folders, if there is just one and it is no split.
  private static func sharedFolder(_ paths: [String], below depth: Int) -> Substring? {
    guard let path = paths.first, let folders = folders(of: path[...].dropUTF8(depth)), folders.second != nil,
      Split(folder: folders.first) == nil
    else { return nil }
    let shares = paths.allSatisfy { path in
      guard path.utf8.count > depth, let others = Self.folders(of: path[...].dropUTF8(depth)) else {
        return false
      }
      return others.first == folders.first && others.second != nil
    }
    return shares ? folders.first : nil
  }

  /// The first folder of a path and the second, where it has one; `nil` for a file outside any folder.
  private static func folders(of path: Substring) -> (first: Substring, second: Substring?)? {
    let bytes = path.utf8
    guard let slash = bytes.firstIndex(of: UInt8(ascii: "/")) else { return nil }
    let rest = path[bytes.index(after: slash)...]
    let second = rest.utf8.firstIndex(of: UInt8(ascii: "/")).map { rest[..<$0] }
    return (path[..<slash], second)
  }
}

extension Substring {
  /// The text behind the first `count` bytes.
  fileprivate func dropUTF8(_ count: Int) -> Substring {
    count == 0 ? self : self[utf8.index(startIndex, offsetBy: count)...]
  }
}
