import Foundation
import Settings
import Tensors

/// A maker of a built-in data set, which it draws.
public protocol ImageMaker: Sendable {
  /// The name of the data set.
  static var name: String { get }
  /// Draws every image into a folder, which appears only when complete; an existing folder must be empty.
  func write(to folder: String, threads: Int) throws(DatasetError)
}

extension ImageMaker {
  /// Fills a folder beside its final place and then moves it there; an existing folder must be empty.
  func publish(_ folder: String, _ fill: (String) throws -> Void) throws(DatasetError) {
    let files = FileManager.default
    let there = (try? files.contentsOfDirectory(atPath: folder)) ?? []
    guard there.isEmpty, !files.fileExists(atPath: folder) || files.fileExists(atPath: folder + "/.") else {
      throw .unwritable(path: folder, reason: "it is there already; remove it or choose another folder")
    }
    do {
      try WholeFile.publish(folder) { part in try fill(part) }
    } catch {
      if let error = error as? DatasetError { throw error }
      let reason = (error as? SystemError)?.description ?? FileFailure.reason(error, path: folder)
      throw .unwritable(path: folder, reason: reason)
    }
  }
}
