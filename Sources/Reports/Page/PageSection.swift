import Runs

/// A section of the page: a heading, an introduction, and its contents before scripts run.
struct PageSection: Sendable {
  let id: String
  let title: String
  let introduction: String
  let body: @Sendable (RunReport) -> String?

  /// The sections in their order; a section whose body is `nil` is left out.
  static let all = [
    PageSection(
      id: "decision", title: "What to take", introduction: "", body: { PageDecisions($0).html }),
    PageSection(
      id: "tradeoffs", title: "What accuracy costs",
      introduction:
        "Up and to the left is better. The line is the front over all students: those that fit and that none of the same "
        + "size or smaller beats in accuracy. Whiskers are 95 % intervals; hollow points do not fit, faint ones are controls. "
        + "A row's family is that of what changed its network; a teacher's targets and integers at the end go with most rows.",
      body: { PagePictures($0).html }),
    PageSection(
      id: "searches", title: "What was searched",
      introduction:
        "Candidates of searches for a front, judged on validation images; no row is chosen by test images. Filled points are on the "
        + "front. Hollow ones are not, miss the limits, or were judged by shared weights alone.",
      body: { PageSearches($0).html }),
    PageSection(
      id: "ranking", title: "Ranking",
      introduction:
        "The teacher, then students, best accuracy first; controls are folded under the student that they were made for. "
        + "Click a head to sort by it.",
      body: { PageRanking($0).html }),
    PageSection(
      id: "student", title: "One row up close", introduction: "Every figure here is of one trial: one seed.",
      body: { $0.trials.isEmpty ? nil : "" }),
    PageSection(
      id: "curves", title: "How they trained",
      introduction:
        "Every stage's epochs, one after the other; of pruning while training, what accuracy each number of weights left.",
      body: { $0.curves.isEmpty ? nil : "" }),
    PageSection(
      id: "comparisons", title: "Is one better than the other?",
      introduction:
        "Differences in percentage points, paired by seed, with 95 % intervals. Told apart means that "
        + "p is below 0.05 after Holm's correction: over students against the teacher, their controls and the next on a front; "
        + "for other pairs of students, over all pairs of them.",
      body: { $0.ranking.comparisons.isEmpty && $0.ranking.studentPairs.isEmpty ? nil : "" }),
    PageSection(
      id: "failed", title: "Failed and not run", introduction: "Trials that are not in the ranking, and why.",
      body: { PageWords.failures($0.ranking) }),
    PageSection(
      id: "words", title: "What the words mean", introduction: "", body: { PageWords.glossary($0) }),
    PageSection(
      id: "origin", title: "How this was made", introduction: "", body: { PageWords.origin($0) }),
  ]

  /// The HTML of the section; `nil` where the report has no contents for it.
  func html(_ report: RunReport) -> String? {
    guard let content = body(report) else { return nil }
    let words = introduction.isEmpty ? "" : "\n<p>\(HTMLText.escaped(introduction))</p>"
    return """
      <section id="\(id)">
      <h2>\(HTMLText.escaped(title))</h2>\(words)
      <div class="controls"></div>
      <div class="body">\(content)</div>
      </section>
      """
  }
}
