import ArgumentParser
import Datasets
import Methods
import Settings
import Training
import Trials

/// The command `condense explain`: describes a method, or another named part of a recipe, and its settings.
///
/// A formula and a paper are shown if it has them.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Say what a method, a criterion, an objective or a search does, and what can be set.",
    discussion: """
      Knows all that `condense list` names of methods, criteria, allocations, units, objectives, penalties, searches, \
      augmentations, optimizers and schedules. Where several have the name, such as l1, all are told; with --json the first \
      is the object, and the others are its "others".
      """)

  @Argument(help: "A name of one of these lists.")
  var name: String

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let explanations = try explanations()
    if json {
      let (first, others) = (explanations[0].node, explanations.dropFirst().map(\.node))
      let node =
        others.isEmpty ? first : first.adding(SettingsNode(mapping: ["others": SettingsNode(.list(others))]))
      return Console.print(node.prettyJSON)
    }
    for (number, explanation) in explanations.enumerated() {
      if number > 0 { Console.print("") }
      for line in explanation.lines(width: Console.width) { Console.print(line) }
    }
  }

  /// The catalogues of kinds that have no documentation beyond their summaries, by family.
  private static let kinds: [(family: String, types: [any NamedKind.Type])] = [
    ("unit", UnitCatalogue.kinds), ("objective", DistillerCatalogue.kinds),
    ("penalty", PenaltyCatalogue.kinds),
    ("search", SearchCatalogue.kinds), ("augmentation", AugmentationCatalogue.kinds),
    ("optimizer", OptimizerCatalogue.kinds), ("schedule", ScheduleCatalogue.kinds),
  ]

  private func explanations() throws -> [Explanation] {
    var found: [Explanation] = []
    if let type = MethodCatalogue.type(named: name) { found.append(Explanation(type)) }
    if let type = SaliencyCatalogue.type(named: name) { found.append(Explanation(type)) }
    if let type = AllocationCatalogue.type(named: name) { found.append(Explanation(type)) }
    for (family, types) in Self.kinds {
      found += types.filter { $0.name == name }.map { Explanation($0, family: family) }
    }
    guard found.isEmpty else { return found }
    let known =
      MethodCatalogue.names + SaliencyCatalogue.names + AllocationCatalogue.names
      + Self.kinds.flatMap { $0.types.map { $0.name } }
    let nearest = Spelling.nearest(to: name, among: known)
    throw CommandFailure(
      .usage,
      "\"\(name)\" is nothing that can be explained\(nearest.map { "; did you mean \"\($0)\"?" } ?? ""); "
        + "`condense list methods` names methods, and so do criteria, allocations, units, objectives, penalties, searches, "
        + "augmentations, optimizers and schedules")
  }
}
