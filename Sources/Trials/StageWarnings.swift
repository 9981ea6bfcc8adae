import Foundation
import Settings

/// The warnings of a method that acts during training, stored beside the stage's checkpoints.
///
/// A resumed training therefore gives the warnings of an uninterrupted one.
struct StageWarnings {
  private let path: String

  /// The store of a stage's warnings in a folder of progress.
  init(directory: String, stage: Int) { path = "\(directory)/stage-\(stage + 1).warnings.json" }

  /// Stores the warnings of a point in place of earlier ones of the same point.
  func record(_ warnings: [String], at point: Int) throws {
    var all = kept()
    guard all[point] ?? [] != warnings else { return }
    all[point] = warnings.isEmpty ? nil : warnings
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let folder = (path as NSString).deletingLastPathComponent
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw TrialError.unwritable(path: path, reason: FileFailure.reason(error, path: path))
    }
    try TrialFolder.write([UInt8](try encoder.encode(all)), to: path)
  }

  /// The warnings of the first and of the last point that has any, each sentence once.
  var ofEnds: [String] {
    let points = kept().sorted { $0.key < $1.key }
    guard let first = points.first, let last = points.last else { return [] }
    return first.value + last.value.filter { !first.value.contains($0) }
  }

  /// The warnings by point; empty where the file is missing or damaged, which the next point writes again.
  private func kept() -> [Int: [String]] {
    guard let data = FileManager.default.contents(atPath: path) else { return [:] }
    return (try? JSONDecoder().decode([Int: [String]].self, from: data)) ?? [:]
  }
}
