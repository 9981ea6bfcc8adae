import Runs

/// The parts of the page that are words.
enum PageWords {
  /// Trials that failed or were not run; `nil` where there are none.
  static func failures(_ ranking: Ranking) -> String? {
    let lists = [("Failed", ranking.failed), ("Not run", ranking.notRun)].filter { !$0.1.isEmpty }
    guard !lists.isEmpty else { return nil }
    return lists.map { title, failures in
      let items = failures.map { failure in
        "<li><strong>\(HTMLText.escaped(failure.name))</strong>, seed \(failure.seed): "
          + "\(HTMLText.escaped(failure.reason))</li>"
      }
      return "<h3>\(title)</h3>\n<ul class=\"plain reasons\">\(items.joined(separator: "\n"))</ul>"
    }.joined(separator: "\n")
  }

  /// Marks and words.
  static func glossary(_ report: RunReport) -> String {
    let marks = Mark.all.map { (word: $0.sign, meaning: $0.meaning(nil)) }
    let entries = marks + Glossary.entries.map { (word: $0.word, meaning: $0.meaning) }
    return "<dl class=\"words\">"
      + entries.map { "<dt>\(HTMLText.escaped($0.word))</dt><dd>\(HTMLText.escaped($0.meaning))</dd>" }
      .joined(separator: "\n") + "</dl>"
  }

  /// Machine, notes and recipe.
  static func origin(_ report: RunReport) -> String {
    let facts = report.machine + computed(report) + report.ranking.notes
    let list = facts.map { "<li>\(HTMLText.escaped($0))</li>" }.joined(separator: "\n")
    let recipe = report.recipe.map { "<h3>Recipe</h3>\n<pre>\(HTMLText.preformatted($0))</pre>" }
    return "<ul class=\"plain reasons\">\(list)</ul>\n" + (recipe ?? "")
  }

  /// With what the trials computed.
  private static func computed(_ report: RunReport) -> [String] {
    let ways = Set(
      report.trials.map { trial in
        "Trials computed in \(trial.precision) with \(trial.instructionSet), "
          + (trial.threads == 1 ? "one thread each." : "\(trial.threads) threads each.")
      })
    return ways.sorted()
  }

  /// The figures under the page's title.
  static func facts(_ report: RunReport) -> [(word: String, value: String, detail: String)] {
    let students = report.ranking.students.filter { $0.role == "student" }
    let controls = report.ranking.students.count - students.count
    let seeds = report.rows.map(\.seeds.count).max() ?? 0
    return [
      report.ranking.teacher.map { fact("Teacher", $0, detail: Quantity.bytes($0.size.fileBytes)) },
      students.max { $0.accuracy.mean < $1.accuracy.mean }
        .map {
          fact("Most accurate student", $0, detail: "\($0.name), \(Quantity.bytes($0.size.fileBytes))")
        },
      students.min { $0.size.codedBytes < $1.size.codedBytes }.map { row in
        (
          "Smallest student", Quantity.bytes(row.size.codedBytes),
          "\(row.name), coded, \(Quantity.percent(row.accuracy.mean)) %"
        )
      },
      (
        "Compared", "\(students.count) student\(students.count == 1 ? "" : "s")",
        "\(controls) control\(controls == 1 ? "" : "s"), \(seeds) seed\(seeds == 1 ? "" : "s") a row"
      ),
    ].compactMap { $0 }
  }

  private static func fact(
    _ word: String, _ row: Ranking.Row, detail: String
  ) -> (word: String, value: String, detail: String) {
    let deviation = row.accuracy.sd.map { " ± " + Quantity.percent($0) } ?? ""
    return (word, Quantity.percent(row.accuracy.mean) + deviation + " %", detail)
  }
}
