import Settings
import Simulation
import Targets

extension Recipe {
  /// Refuses targets that are not there, cannot be read or name a simulator that is none, before anything is trained.
  ///
  /// - Parameter folders: where profiles are looked for by name.
  public func requireTargets(in folders: [String]) throws {
    let mark = node["targets"]?.mark ?? mark
    var seen: Set<String> = []
    for name in targets {
      guard seen.insert(name).inserted else {
        throw RecipeError.invalid(mark, "the target \"\(name)\" is given twice; keep one")
      }
      try Self.require(name, in: folders, mark)
    }
    for goal in students.compactMap(\.goal) {
      if let name = goal.target, !seen.contains(name) { try Self.require(name, in: folders, goal.mark) }
    }
  }

  private static func require(
    _ name: String, in folders: [String], _ mark: SettingsMark
  ) throws {
    try located("\(mark)") {
      try TargetProfile.named(name, searching: folders).requireSimulator()
    }
  }
}
