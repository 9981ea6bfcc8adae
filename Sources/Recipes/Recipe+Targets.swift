import Methods
import Readings
public import Settings
import Simulation
import Targets
import Trials

extension Recipe {
  /// Throws for targets that do not exist, cannot be read or name an unknown simulator, before anything is
  /// trained.
  ///
  /// `folders` are searched for profiles by name.
  public func requireTargets(in folders: [String]) throws {
    let mark = node["targets"]?.mark ?? mark
    var seen: Set<String> = []
    for name in targets {
      guard seen.insert(name).inserted else {
        throw RecipeError.invalid(mark, "the target \"\(name)\" is given twice; keep one")
      }
      try Self.require(name, in: folders, mark)
    }
    for (name, mark) in methodTargets {
      let profile = try located("\(mark)") { try TargetProfile.named(name, searching: folders) }
      guard profile.basis != .measured else {
        throw RecipeError.invalid(
          mark,
          "\(name) has no cost model, only measurements, which differ from run to run, so a method cannot use it; "
            + "choose another target")
      }
    }
    for goal in students.compactMap(\.goal) {
      for name in goal.targets where !seen.contains(name) { try Self.require(name, in: folders, goal.mark) }
    }
  }

  /// The targets that methods name, with the places of their students.
  public var methodTargets: [(name: String, mark: SettingsMark)] {
    students.flatMap { student in
      student.stages.compactMap { stage in
        stage.choice?.method.target.map { ($0, student.mark) }
      }
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
