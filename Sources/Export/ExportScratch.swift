import Foundation

/// The temporary files of an export; the process number in their names lets an interrupted export clean up.
public enum ExportScratch {
  private static var process: Int32 { ProcessInfo.processInfo.processIdentifier }

  /// The temporary folder for files before it is renamed to its place.
  ///
  /// It lies beside the place. Its name is short, as that of the place may have the greatest length that a
  /// file system allows.
  static func part(beside place: String) -> String {
    let parent = URL(filePath: place).deletingLastPathComponent()
    return parent.appending(path: ".condense-\(process).part").path
  }

  /// The path for a new folder among the temporary files.
  static func work() -> String { workFolder.appending(path: workPrefix + UUID().uuidString).path }

  /// Removes the temporary files of this process for an export to a folder.
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
