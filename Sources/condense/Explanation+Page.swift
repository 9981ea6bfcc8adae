import Methods
import Settings

extension Explanation {
  /// The text as a section of Markdown: summary, formula, paper, and a table of the settings.
  ///
  /// Its heading has `level` number signs.
  func section(level: Int) -> [String] {
    let heading = String(repeating: "#", count: level)
    var lines = ["\(heading) \(name) (\(family))", "", Self.sentence(summary)]
    if let documentation {
      lines += ["", documentation.description]
      lines += ["", "\(heading)# Formula", "", "```text", documentation.formula, "```"]
      lines += ["", "\(heading)# Paper", "", documentation.paper]
    }
    if !units.isEmpty { lines += ["", "Scores \(units.joined(separator: ", "))."] }
    guard !settings.isEmpty else { return lines + ["", "No settings."] }
    lines += ["", "\(heading)# Settings", "", "| Setting | Takes | Default | Meaning |", "|---|---|---|---|"]
    return lines
      + settings.map { setting in
        let cells = ["`\(setting.name)`", setting.expected, Self.text(setting.initial), setting.summary]
        return "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
      }
  }

  /// A page a name: all that has it.
  static func page(_ explanations: [Explanation]) -> String {
    guard explanations.count > 1 else { return joined(explanations.flatMap { $0.section(level: 1) }) }
    return joined(
      ["# \(explanations[0].name)", "", "Several things have this name."]
        + explanations.flatMap { [""] + $0.section(level: 2) })
  }

  /// The table of contents: names by family, each with its summary.
  static func index(_ explanations: [Explanation]) -> String {
    var families: [String] = []
    for explanation in explanations where !families.contains(explanation.family) {
      families.append(explanation.family)
    }
    return joined(
      ["# Methods by family", "", "All that a recipe can name, as `condense explain NAME` prints it."]
        + families.flatMap { family in
          ["", "## \(family)", ""]
            + explanations.filter { $0.family == family }.map {
              "- [\($0.name)](\($0.name).md): \($0.summary)"
            }
        })
  }

  private static func joined(_ lines: [String]) -> String { lines.joined(separator: "\n") + "\n" }

  /// A summary with a capital letter and a full stop.
  private static func sentence(_ summary: String) -> String {
    let text = summary.prefix(1).uppercased() + summary.dropFirst()
    return text.hasSuffix(".") ? text : text + "."
  }
}
