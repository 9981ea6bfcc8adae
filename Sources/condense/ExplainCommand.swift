import ArgumentParser
import Methods
import Settings

/// `condense explain`: what a method, a criterion or an allocation does, its formula, its paper and its settings.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Say what a method, a criterion or an allocation of pruning does, and what can be set.")

  @Argument(
    help:
      "A method, a criterion or an allocation; `condense list methods`, `criteria` and `allocations` name them."
  )
  var name: String

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let explanation = try explanation()
    if json {
      Console.print(explanation.node.prettyJSON)
    } else {
      for line in explanation.lines(width: Console.width) { Console.print(line) }
    }
  }

  private func explanation() throws -> MethodExplanation {
    if let type = MethodCatalogue.type(named: name) { return MethodExplanation(type) }
    if let type = SaliencyCatalogue.type(named: name) { return MethodExplanation(type) }
    if let type = AllocationCatalogue.type(named: name) { return MethodExplanation(type) }
    let lists = [MethodCatalogue.names, SaliencyCatalogue.names, AllocationCatalogue.names]
    let nearest = Spelling.nearest(to: name, among: lists.flatMap(\.self))
    throw CommandFailure(
      .usage,
      "\"\(name)\" is no method, criterion or allocation\(nearest.map { "; did you mean \"\($0)\"?" } ?? "") "
        + "(\(lists.map { $0.joined(separator: ", ") }.joined(separator: "; ")))")
  }
}
