import Runs

/// The recommended students of each target, at the top of the page.
struct PageDecisions {
  private let report: RunReport

  init(_ report: RunReport) { self.report = report }

  /// The HTML: a block for each target, then the summary.
  var html: String {
    let decisions = report.ranking.decisions.map { decision in
      let words = DecisionWords(decision)
      let choices = words.groups.map { Self.card($0.title, $0.choice) }
      let note = words.note.map { "<p class=\"undecided\">\(HTMLText.escaped($0))</p>" } ?? ""
      return "<div class=\"decision\"><h3>\(HTMLText.escaped(decision.target))</h3>\n"
        + "<div class=\"choices\">\(choices.joined(separator: "\n"))</div>\(note)</div>"
    }
    return decisions.joined(separator: "\n")
      + "<p class=\"lead\">\(HTMLText.escaped(report.ranking.summary))</p>"
  }

  private static func card(_ words: String, _ choice: Ranking.Decision.Choice) -> String {
    "<div><span>\(words)</span><strong>\(HTMLText.escaped(choice.name))</strong>"
      + "\(Quantity.percent(choice.accuracy)) % "
      + "<span>(\(Quantity.percent(choice.low)) to \(Quantity.percent(choice.high)))</span>"
      + "<small>\(HTMLText.escaped(choice.reason))</small></div>"
  }
}
