package import Foundation
import Runs

/// The page `report.html`: one file that works offline.
///
/// It contains its style, scripts, data and Chart.js, and its content security policy forbids it to load
/// anything.
struct ReportPage {
  private let report: RunReport
  private let charts: ChartLibrary?
  private let detail: PageDetail

  /// Makes a page; it has training curves if `charts` is given.
  init(_ report: RunReport, charts: ChartLibrary?, detail: PageDetail = .all) {
    self.report = report
    self.charts = charts
    self.detail = detail
  }

  /// The whole file.
  var html: String {
    get throws {
      let sections = PageSection.all.compactMap { section in section.html(report).map { (section, $0) } }
      return """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="\(PageAssets.policy)">
        <title>\(HTMLText.escaped(report.ranking.run)): report of a comparison</title>
        <style>
        \(PageAssets.style)</style>
        </head>
        <body>
        \(header)
        <nav>\(sections.map { "<a href=\"#\($0.0.id)\">\(HTMLText.escaped($0.0.title))</a>" }.joined(separator: "\n"))</nav>
        <main>
        <noscript><p class="note">Sorting, training curves and close-ups need JavaScript; decisions, pictures and the ranking do not.</p></noscript>
        \(sections.map(\.1).joined(separator: "\n"))
        </main>
        <script type="application/json" id="report-data">\(try PageData(report, detail).script)</script>
        <script>\(charts?.script ?? "")</script>
        <script>
        \(PageAssets.scripts)</script>
        </body>
        </html>

        """
    }
  }

  private var header: String {
    """
    <header>
    <p class="kicker">Condense, report of a comparison</p>
    <h1>\(HTMLText.escaped(report.ranking.run))</h1>
    <p class="quiet">\(PageWords.extent(report))</p>
    \(detail.omission.map { "<p class=\"note\">So that it opens at once, this page leaves out \($0); the report.html that condense report writes has all.</p>" } ?? "")
    </header>
    """
  }
}

/// The details of single trials and targets on a page; a page with many rows has fewer, so that it opens at
/// once.
enum PageDetail: Int, CaseIterable, Comparable {
  /// All details.
  case all
  /// No pictures of mistakes, and no pairs of students besides the listed comparisons.
  case withoutMistakes
  /// Details and curves of the first seed only.
  case firstSeeds
  /// No details of trials and no curves.
  case ranking
  /// Figures of the first target only.
  case firstTarget

  static func < (first: PageDetail, second: PageDetail) -> Bool { first.rawValue < second.rawValue }

  /// The parts that are left out, in words; `nil` where nothing is.
  var omission: String? {
    switch self {
    case .all: nil
    case .withoutMistakes:
      "pictures of test images, and differences of pairs that are none of the run's questions"
    case .firstSeeds:
      "pictures of test images, differences of further pairs, and all seeds but the first"
    case .ranking: "single trials and differences of further pairs"
    case .firstTarget: "single trials, differences of further pairs, and all targets but the first"
    }
  }
}

extension RunReport {
  /// The page with at most `limit` bytes where possible: details are left out until it is small enough, with
  /// a note.
  package func page(charts: ChartLibrary?, limit: Int) throws -> Data {
    var page = Data()
    for detail in PageDetail.allCases where detail == .firstTarget || leastBytes(detail) <= limit {
      let report = detail == .firstTarget ? ofFirstTarget : self
      let library = detail < .ranking ? charts : nil
      page = Data(try ReportPage(report, charts: library, detail: detail).html.utf8)
      if page.count <= limit { break }
    }
    return page
  }

  /// A lower bound for the bytes of a page, so that one which is certainly too large is not made.
  private func leastBytes(_ detail: PageDetail) -> Int {
    let seeds = detail == .firstSeeds ? max(1, trials.count / max(1, rows.count)) : 1
    guard detail < .ranking else { return 0 }
    func bytes(_ trial: TrialResult) -> Int {
      let shown = trial.pictures.map { $0.map(\.png) } ?? trial.mistakes.map(\.png)
      return shown.prefix(24).reduce(0) { $0 + $1.utf8.count }
    }
    let pictures = detail == .all ? trials.reduce(0) { $0 + bytes($1) } : 0
    let pairs = detail == .all ? ranking.studentPairs.count * 60 : 0
    let layers = trials.reduce(0) { $0 + $1.layers.count } * 120 / seeds
    let epochs = curves.reduce(0) { $0 + $1.epochs.count } * 30 / seeds
    return pictures + pairs + layers + epochs
  }

  private var ofFirstTarget: RunReport {
    guard let first = targets.first else { return self }
    func kept(_ row: Ranking.Row) -> Ranking.Row {
      var row = row
      row.targets = row.targets.filter { $0.key == first }
      return row
    }
    var report = self
    report.ranking.teacher = ranking.teacher.map(kept)
    report.ranking.students = ranking.students.map(kept)
    report.ranking.targets = ranking.targets.filter { $0.key == first }
    report.ranking.decisions = ranking.decisions.filter { $0.target == first }
    report.ranking.targetOrder = [first]
    return report
  }
}
