import Runs

/// `report.html`: one file that works offline. Its style, scripts, data and Chart.js stand in it; its content policy
/// forbids it to load anything.
struct ReportPage {
  private let report: RunReport
  private let charts: ChartLibrary?

  /// A page with charts where there is a library to draw them.
  init(_ report: RunReport, charts: ChartLibrary?) {
    self.report = report
    self.charts = charts
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
        <script type="application/json" id="report-data">\(try PageData(report).script)</script>
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
    </header>
    """
  }
}
