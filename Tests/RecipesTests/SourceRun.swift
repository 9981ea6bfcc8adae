import Foundation
import Recipes
import Runs
import Trials

/// Runs the trials of a source in this process, one after another, like a scheduler with one job.
func runAll(
  _ source: inout RecipeSource, in folder: TrialFolder, _ environment: TrialEnvironment,
  began: (TrialSpec) -> Void = { _ in }
) throws -> [String: TrialResult] {
  var results: [String: TrialResult] = [:]
  while let spec = source.pull() {
    if !folder.isDone(spec) {
      began(spec)
      let directory = folder.path + "/" + spec.directoryName
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
      _ = try TrialRunner(spec, directory: directory, environment).run()
    }
    if spec.role.isRow, let directory = folder.directory(of: spec.address) {
      results[spec.name] = try TrialResult.read(directory + "/" + TrialFolder.result)
    }
    source.tell(.done, of: spec.address)
  }
  return results
}
