import ArgumentParser
import Datasets
import Foundation
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
      is the object, and the others are its "others". With --markdown every name becomes a page of a folder.
      """)

  @Argument(help: "A name of one of these lists.")
  var name: String?

  @Option(help: "Write a page of Markdown for every name, and methods.md, into this folder; takes no name.")
  var markdown: String?

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard (name == nil) == (markdown != nil) else {
      throw ValidationError("give a name, such as distill, or --markdown with a folder")
    }
    guard markdown == nil || !json else { throw ValidationError("--json goes with a name") }
  }

  func run() throws {
    if let markdown { return try writePages(into: markdown) }
    let explanations = try explanations(of: name ?? "")
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

  /// All that can be explained, in the order of the catalogues.
  private static var all: [Explanation] {
    MethodCatalogue.all.map { Explanation($0) } + SaliencyCatalogue.all.map { Explanation($0) }
      + AllocationCatalogue.all.map { Explanation($0) }
      + kinds.flatMap { kind in kind.types.map { Explanation($0, family: kind.family) } }
  }

  /// Writes a page for each name, and the table of contents.
  ///
  /// Files of other names in the folder stay.
  private func writePages(into folder: String) throws {
    let all = Self.all
    let pages = Dictionary(grouping: all, by: \.name)
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      for (name, explanations) in pages.sorted(by: { $0.key < $1.key }) {
        try Explanation.page(explanations).write(
          toFile: "\(folder)/\(name).md", atomically: true, encoding: .utf8)
      }
      try Explanation.index(all).write(toFile: "\(folder)/methods.md", atomically: true, encoding: .utf8)
    } catch {
      throw CommandFailure(.internal, "\(folder): pages cannot be written: \(error.localizedDescription)")
    }
    Console.print("\(pages.count) pages and methods.md in \(folder)")
  }

  private func explanations(of name: String) throws -> [Explanation] {
    let found = Self.all.filter { $0.name == name }
    guard found.isEmpty else { return found }
    let nearest = Spelling.nearest(to: name, among: Self.all.map(\.name))
    throw CommandFailure(
      .usage,
      "no method, criterion or other kind is called \"\(name)\"\(nearest.map { "; did you mean \"\($0)\"?" } ?? ""); "
        + "`condense list methods` lists the methods, and there is a list each of criteria, allocations, units, objectives, "
        + "penalties, searches, augmentations, optimizers and schedules")
  }
}
