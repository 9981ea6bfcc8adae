import ArgumentParser
import Methods
import Settings

/// `condense explain`: what a method does, its formula, its paper and its settings.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Say what a method does, and what can be set.")

  @Argument(help: "A method; `condense list methods` names them.")
  var method: String

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    guard let type = MethodCatalogue.type(named: method) else {
      let names = MethodCatalogue.names
      let hint = Spelling.nearest(to: method, among: names).map { "; did you mean \"\($0)\"?" } ?? ""
      throw CommandFailure(.usage, "\"\(method)\" is not a method\(hint) (\(names.joined(separator: ", ")))")
    }
    let explanation = MethodExplanation(type)
    if json {
      Console.print(explanation.node.prettyJSON)
    } else {
      for line in explanation.lines(width: Console.width) { Console.print(line) }
    }
  }
}
