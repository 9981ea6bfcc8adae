import Foundation
import Settings
import Tensors

/// Writes the files of an export into a temporary folder, which is then renamed to its place.
enum ExportFolder {
  /// Throws for a folder that cannot be made, or that is not empty.
  static func requireFree(_ folder: String) throws(ExportError) {
    let files = FileManager.default
    guard !folder.isEmpty else { throw .occupied(folder: "--out", by: "no name") }
    let link = try? files.destinationOfSymbolicLink(atPath: folder)
    if let link, !files.fileExists(atPath: folder) {
      throw .occupied(folder: folder, by: "a link to \(link), which is not there")
    }
    let parent = URL(filePath: folder).deletingLastPathComponent().path
    guard files.fileExists(atPath: parent + "/.") else { throw .noParent(folder: folder, parent: parent) }
    guard files.fileExists(atPath: folder) else { return }
    guard files.fileExists(atPath: folder + "/.") else { throw .occupied(folder: folder, by: "a file") }
    let names: [String]
    do { names = try files.contentsOfDirectory(atPath: folder) } catch {
      throw .unwritable(folder: folder, reason: FileFailure.reason(error, path: folder))
    }
    if let first = names.min() { throw .occupied(folder: folder, by: "\"\(first)\"") }
  }

  /// The path of a folder with symbolic links resolved.
  static func place(of folder: String) -> String { URL(filePath: folder).resolvingSymlinksInPath().path }

  /// Writes all files or none.
  static func write(_ contents: [ExportFile], to folder: String) throws(ExportError) {
    let place = place(of: folder)
    let part = ExportScratch.part(beside: place)
    do {
      try FileManager.default.createDirectory(atPath: part, withIntermediateDirectories: false)
      for file in contents { try WholeFile.write(file.bytes, to: "\(part)/\(file.name)") }
      try WholeFile.move(part, to: place)
    } catch {
      try? FileManager.default.removeItem(atPath: part)
      let reason =
        (error as? SystemError).map { "\($0)" } ?? FileFailure.reason(error, path: part)
      throw .unwritable(folder: folder, reason: reason)
    }
  }
}
