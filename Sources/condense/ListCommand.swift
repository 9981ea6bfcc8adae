import ArgumentParser
import Foundation
import Reports
import Settings

/// The command `condense list`: lists the names of one kind.
struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List what there is to choose from.")

  @Argument(help: "One of: \(Listing.allNames).")
  var what: String

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    guard let listing = Listing.all.first(where: { $0.name == what }) else {
      let hint =
        Spelling.nearest(to: what, among: Listing.all.map(\.name)).map { "; did you mean \"\($0)\"?" } ?? ""
      throw CommandFailure(.usage, "\"\(what)\" cannot be listed\(hint) (\(Listing.allNames))")
    }
    let items = try failing(.badInput) { try listing.items() }
    guard !items.isEmpty else {
      throw CommandFailure(.missing, "no \(what) found: set CONDENSE_HOME to Condense's folder")
    }
    if json {
      let nodes = items.map { SettingsNode(mapping: ["name": $0.name.node, "summary": $0.summary.node]) }
      Console.print(
        SettingsNode(mapping: ["schema": 1.node, listing.name: SettingsNode(.list(nodes))]).prettyJSON)
    } else {
      show(items)
    }
  }

  private func show(_ items: [Listing.Item]) {
    let column = (items.map(\.name.count).max() ?? 0) + 2
    for item in items {
      let name = item.name.padding(toLength: column, withPad: " ", startingAt: 0)
      let lines = TextWrap.lines(item.summary, width: Console.width - column)
      for (number, line) in lines.enumerated() {
        Console.print((number == 0 ? name : String(repeating: " ", count: column)) + line)
      }
    }
  }
}
