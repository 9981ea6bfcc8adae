import Foundation
import Metrics
import Reports
import Runs

/// The pages of the site, with names escaped in text and encoded in addresses.
enum SitePages {
  /// The page of all runs.
  static func list(_ runs: [WatchedRun]) -> String {
    let rows = runs.map { run in
      let best = run.trials.filter { $0.role == "student" }.compactMap(\.value).max()
      let settled = run.count(.finished) + run.count(.failed) + run.count(.notRun)
      return "<tr><td><a href=\"/run/\(address(run.name))\">\(HTMLText.escaped(run.name))</a></td>"
        + "<td>\(run.isActive ? "<b class=\"running\">running</b>" : settled < run.trials.count ? "stopped" : "done")</td>"
        + "<td class=\"number\">\(settled) of \(run.trials.count)</td><td class=\"number\">\(run.count(.failed))</td>"
        + "<td class=\"number\">\(best.map { Quantity.percent($0) + " %" } ?? Quantity.missing)</td></tr>"
    }
    let table =
      rows.isEmpty
      ? "<p class=\"note\">There is no run here yet: condense compare makes one.</p>"
      : "<div class=\"scroll\"><table><thead><tr><th>Run</th><th>State</th><th class=\"number\">Trials</th>"
        + "<th class=\"number\">Failed</th><th class=\"number\">Best student</th></tr></thead><tbody>"
        + rows.joined(separator: "\n") + "</tbody></table></div>"
    let form =
      runs.count > 1 ? "<section><h2>Two runs compared</h2>\(choice(runs.map(\.name), []))</section>" : ""
    return page("Runs", "", "<section><h2>All runs</h2>\(table)</section>\(form)")
  }

  /// The page of a run in progress; its script draws the initial state and the changes.
  static func run(_ run: WatchedRun, others: [String]) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let state = (try? encoder.encode(run)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    let place = "/run/\(address(run.name))"
    let links = [
      ("report", "Report"), ("file/ranking.json", "ranking.json"), ("file/ranking.csv", "ranking.csv"),
    ]
    .map { "<a href=\"\(place)/\($0.0)\">\($0.1)</a>" }
    let other = others.first.map {
      "<a href=\"/compare?a=\(address(run.name))&amp;b=\(address($0))\">Compare with another run</a>"
    }
    return page(
      run.name, "<nav>\((links + [other].compactMap(\.self)).joined(separator: "\n"))</nav>",
      """
      <noscript><p class="note">Progress and curves need JavaScript; the report does not.</p></noscript>
      <section id="progress" data-place="\(place)"><h2>Progress</h2><div class="body"></div></section>
      <section id="curves"><h2>Curves</h2><p>Of trials that run, and of those that are ticked below.</p><div class="body"></div></section>
      <section id="trials"><h2>Trials</h2><div class="controls"></div><div class="body"></div></section>
      <script type="application/json" id="state">\(HTMLText.scriptJSON(state))</script>
      <script src="/assets/live.js" defer></script>
      """)
  }

  /// The page of two runs side by side, row by row.
  static func comparison(_ names: [String], _ chosen: [String], _ rankings: [Ranking]) -> String {
    let form = "<section><h2>Which</h2>\(choice(names, chosen))</section>"
    guard rankings.count == 2 else { return page("Two runs compared", "", form) }
    let rows = rankings.map { ranking in
      Dictionary(
        ((ranking.teacher.map { [$0] } ?? []) + ranking.students).map { ($0.name, $0) },
        uniquingKeysWith: { first, _ in first })
    }
    let order = rankings.flatMap { ranking in
      (ranking.teacher.map { [$0.name] } ?? []) + ranking.students.map(\.name)
    }
    var seen: Set<String> = []
    let lines = order.filter { seen.insert($0).inserted }.map { name -> String in
      let (first, second) = (rows[0][name], rows[1][name])
      let cells = [
        percent(first), percent(second),
        both(first, second).map { Quantity.points($1.accuracy.mean - $0.accuracy.mean) } ?? Quantity.missing,
        bytes(first), bytes(second),
        both(first, second).map {
          Quantity.ratio(Double($0.size.fileBytes) / Double(max(1, $1.size.fileBytes)))
        }
          ?? Quantity.missing,
        seeds(first), seeds(second),
      ]
      return "<tr><td>\(HTMLText.escaped(name))</td>"
        + cells.map { "<td class=\"number\">\(HTMLText.escaped($0))</td>" }.joined() + "</tr>"
    }
    let metrics = rankings.map { $0.metric?.name ?? "accuracy" }
    let same = metrics[0] == metrics[1]
    let heads = [
      "\(metrics[0]) A, %", "\(metrics[1]) B, %", "B − A, points", "bytes A", "bytes B", "A ÷ B", "seeds A",
      "seeds B",
    ]
    let words =
      (same
        ? ""
        : "<p class=\"note\">The runs are ranked by different metrics: their difference says nothing.</p>")
      + "<p>A is \(HTMLText.escaped(chosen[0])), B is \(HTMLText.escaped(chosen[1])). Rows are matched by name. Differences are not "
      + "tested: data, seeds and machines of two runs may differ.</p>"
    return page(
      "Two runs compared", "",
      form + "<section><h2>Row by row</h2>\(words)<div class=\"scroll\"><table><thead><tr><th>Name</th>"
        + heads.map { "<th class=\"number\">\(HTMLText.escaped($0))</th>" }.joined() + "</tr></thead><tbody>"
        + lines.joined(separator: "\n") + "</tbody></table></div></section>")
  }

  /// A page with a message.
  static func message(_ title: String, _ words: String) -> String {
    page(title, "", "<section><p>\(HTMLText.escaped(words))</p></section>")
  }

  // MARK: Parts

  private static func both(_ first: Ranking.Row?, _ second: Ranking.Row?) -> (Ranking.Row, Ranking.Row)? {
    if let first, let second { (first, second) } else { nil }
  }

  private static func percent(_ row: Ranking.Row?) -> String {
    row.map { Quantity.percent($0.accuracy.mean) } ?? Quantity.missing
  }

  private static func bytes(_ row: Ranking.Row?) -> String {
    row.map { Quantity.bytes($0.size.fileBytes) } ?? Quantity.missing
  }

  private static func seeds(_ row: Ranking.Row?) -> String {
    row.map { "\($0.seeds.count)" } ?? Quantity.missing
  }

  private static func choice(_ names: [String], _ chosen: [String]) -> String {
    func select(_ name: String, _ index: Int) -> String {
      let picked = chosen.indices.contains(index) ? chosen[index] : names.dropFirst(index).first
      let options = names.map {
        "<option value=\"\(HTMLText.escaped($0))\"\($0 == picked ? " selected" : "")>\(HTMLText.escaped($0))</option>"
      }
      return
        "<label class=\"choice\"><span>Run \(name.uppercased())</span><select name=\"\(name)\">\(options.joined())</select></label>"
    }
    return "<form action=\"/compare\" method=\"get\" class=\"controls\">\(select("a", 0))\(select("b", 1))"
      + "<button>Compare</button></form>"
  }

  /// A name as a part of an address.
  static func address(_ name: String) -> String {
    let plain = CharacterSet(
      charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~")
    return name.addingPercentEncoding(withAllowedCharacters: plain) ?? ""
  }

  private static func page(_ title: String, _ navigation: String, _ body: String) -> String {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(HTMLText.escaped(title))</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/assets/style.css">
    </head>
    <body>
    <header>
    <p class="kicker"><a href="/">Condense</a></p>
    <h1>\(HTMLText.escaped(title))</h1>
    </header>
    \(navigation)
    <main>
    \(body)
    </main>
    </body>
    </html>

    """
  }
}
