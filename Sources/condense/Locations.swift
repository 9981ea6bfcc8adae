import Foundation

/// The folders in which networks, data-set manifests and recipes are searched.
enum Locations {
  /// The folders of one kind, nearest first.
  ///
  /// The order is: the current directory's, that of `$CONDENSE_HOME`, and those beside the executable and
  /// above it, so that a source checkout's `.build/release/condense` finds the checkout's folders.
  static func folders(_ name: String) -> [String] {
    var roots = [FileManager.default.currentDirectoryPath]
    if let home = ProcessInfo.processInfo.environment["CONDENSE_HOME"] { roots.append(home) }
    roots += ancestors(of: executable)
    var seen: Set<String> = []
    return
      roots
      .map { URL(filePath: $0).appending(path: name).standardizedFileURL.path }
      .filter { isDirectory($0) && seen.insert($0).inserted }
  }

  /// The path of the running program, with symbolic links resolved.
  static var executable: String {
    URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().path
  }

  private static func ancestors(of path: String) -> [String] {
    var folders: [String] = []
    var folder = URL(filePath: path).deletingLastPathComponent()
    for _ in 0..<5 where folder.path != "/" {
      folders.append(folder.path)
      folders.append(folder.appending(path: "share/condense").path)
      folder.deleteLastPathComponent()
    }
    return folders
  }

  private static func isDirectory(_ path: String) -> Bool {
    (try? URL(filePath: path).resolvingSymlinksInPath().resourceValues(forKeys: [.isDirectoryKey]).isDirectory)
      ?? false
  }
}
