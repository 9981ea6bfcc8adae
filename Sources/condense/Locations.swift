import Foundation

/// Where networks, data-set manifests and recipes are looked for.
enum Locations {
  /// Folders of one kind, nearest first: the current directory's, `$CONDENSE_HOME`'s, and those beside the
  /// executable and above it (a source checkout's `.build/release/condense` finds the checkout's).
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

  /// The running program's path, links resolved.
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
