/// The tree of the folders that hold images, down to `maximumDepth`.
final class FolderTree {
  /// The number of images directly in the folder; at `maximumDepth` those in deeper folders are included.
  private(set) var images = 0
  private(set) var folders: [Substring: FolderTree] = [:]

  /// The depth at which deeper folders are counted as one.
  static let maximumDepth = 40

  /// Makes the tree of the folders of some files.
  convenience init(_ paths: [String]) {
    self.init()
    var last: (folder: Substring, node: FolderTree)?
    for path in paths {
      let bytes = path.utf8
      let end = bytes.lastIndex(of: UInt8(ascii: "/")) ?? bytes.startIndex
      let folder = path[..<end]
      if let last, last.folder == folder {
        last.node.images += 1
        continue
      }
      let node = self.node(folder)
      node.images += 1
      last = (folder, node)
    }
  }

  private func node(_ path: Substring) -> FolderTree {
    var node = self
    for part in path.utf8.split(separator: UInt8(ascii: "/"), maxSplits: Self.maximumDepth).prefix(
      Self.maximumDepth)
    {
      let name = Substring(part)
      let next = node.folders[name] ?? FolderTree()
      node.folders[name] = next
      node = next
    }
    return node
  }

  /// The number of images in the folder and below.
  var total: Int { folders.values.reduce(images) { $0 + $1.total } }

  /// The only subfolder, if there is just one and no image beside it; else `nil`.
  var only: (name: Substring, tree: FolderTree)? {
    guard images == 0, folders.count == 1, let one = folders.first else { return nil }
    return (one.key, one.value)
  }
}
