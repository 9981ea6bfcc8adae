import Foundation

/// What an export has on the disk for a while: named after the process, so that one that is interrupted can clean up.
public enum ExportScratch {
  private static var process: Int32 { ProcessInfo.processInfo.processIdentifier }

  /// The folder in which files are written before it takes a place's name; beside it and of a short name, as that of the
  /// place may be as long as names can be.
  static func part(beside place: String) -> String {
    let parent = URL(filePath: place).deletingLastPathComponent()
    return parent.appending(path: ".condense-\(process).part").path
  }

  /// A new folder's name among the temporary files.
  static func work() -> String { workFolder.appending(path: workPrefix + UUID().uuidString).path }

  /// Removes what this process has under way for an export to a folder.
  public static func remove(for folder: String) {
    let files = FileManager.default
    try? files.removeItem(atPath: part(beside: ExportFolder.place(of: folder)))
    for name in (try? files.contentsOfDirectory(atPath: workFolder.path)) ?? []
    where name.hasPrefix(workPrefix) {
      try? files.removeItem(at: workFolder.appending(path: name))
    }
  }

  private static var workFolder: URL { FileManager.default.temporaryDirectory }
  private static var workPrefix: String { "condense-verify-\(process)-" }
}
