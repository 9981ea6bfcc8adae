import Foundation
import Settings

/// What a method that acts while its stage trains has to say, kept beside the stage's checkpoints: a training that goes on from one says
/// what an uninterrupted one does.
struct StageWarnings {
  private let path: String

  /// The warnings of a stage in a folder of progress.
  init(directory: String, stage: Int) { path = "\(directory)/stage-\(stage + 1).warnings.json" }

  /// Keeps what was said at a point, in the place of what was said there before.
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

  /// What was said at the first and at the last point at which anything was, each sentence once.
  var ofEnds: [String] {
    let points = kept().sorted { $0.key < $1.key }
    guard let first = points.first, let last = points.last else { return [] }
    return first.value + last.value.filter { !first.value.contains($0) }
  }

  /// By point; nothing where the file is damaged, which is written anew with the next point.
  private func kept() -> [Int: [String]] {
    guard let data = FileManager.default.contents(atPath: path) else { return [:] }
    return (try? JSONDecoder().decode([Int: [String]].self, from: data)) ?? [:]
  }
}
