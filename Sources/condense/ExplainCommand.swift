import ArgumentParser
import Methods
import Settings

/// `condense explain`: what a method or a criterion does, its formula, its paper and its settings.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Say what a method or a criterion of pruning does, and what can be set."
  )

  @Argument(help: "A method or a criterion; `condense list methods` and `condense list criteria` name them.")
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
    let (methods, criteria) = (MethodCatalogue.names, SaliencyCatalogue.names)
    let nearest = Spelling.nearest(to: name, among: methods + criteria)
    throw CommandFailure(
      .usage,
      "\"\(name)\" is neither a method nor a criterion\(nearest.map { "; did you mean \"\($0)\"?" } ?? "") "
        + "(\(methods.joined(separator: ", ")); \(criteria.joined(separator: ", ")))")
  }
}
