import Runs

/// The textual parts of the page.
enum PageWords {
  /// Trials that failed or were not run, with reasons; `nil` without any.
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

  /// The legend of marks, and the glossary.
  static func glossary(_ report: RunReport) -> String {
    let marks = Mark.all.map { (word: $0.sign, meaning: $0.meaning(nil)) }
    let entries = marks + Glossary.entries(report.ranking.metric).map { (word: $0.word, meaning: $0.meaning) }
    return "<dl class=\"words\">"
      + entries.map { "<dt>\(HTMLText.escaped($0.word))</dt><dd>\(HTMLText.escaped($0.meaning))</dd>" }
      .joined(separator: "\n") + "</dl>"
  }

  /// The machine, the notes and the recipe.
  static func origin(_ report: RunReport) -> String {
    let facts = report.machine + computed(report) + report.ranking.notes
    let list = facts.map { "<li>\(HTMLText.escaped($0))</li>" }.joined(separator: "\n")
    let recipe = report.recipe.map { "<h3>Recipe</h3>\n<pre>\(HTMLText.preformatted($0))</pre>" }
    return "<ul class=\"plain reasons\">\(list)</ul>\n" + (recipe ?? "")
  }

  /// Facts about the precision, the instruction set and the threads of the trials.
  private static func computed(_ report: RunReport) -> [String] {
    let ways = Set(
      report.trials.map { trial in
        "Trials computed in \(trial.precision) with \(trial.instructionSet), "
          + (trial.threads == 1 ? "one thread each." : "\(trial.threads) threads each.")
      })
    return ways.sorted()
  }

  /// The size of the comparison: `20 students, 19 controls, 3 seeds a row`.
  static func extent(_ report: RunReport) -> String {
    let students = report.ranking.students.filter { $0.role == "student" }.count
    let counts = [
      (students, "student"), (report.ranking.students.count - students, "control"),
      (report.rows.map(\.seeds.count).max() ?? 0, "seed"),
    ]
    return counts.map { "\($0) \($1)\($0 == 1 ? "" : "s")" }.joined(separator: ", ") + " a row"
  }
}
