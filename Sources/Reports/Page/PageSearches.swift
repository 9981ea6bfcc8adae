import Foundation
import Runs

/// The part of a page about searches for fronts.
///
/// Each search has its pictures, a table of its front, and a folded table of all candidates.
struct PageSearches {
  private let searches: [SearchRecord]

  init(_ report: RunReport) { searches = report.ranking.searches ?? [] }

  /// The HTML of all searches; `nil` without searches.
  var html: String? {
    searches.isEmpty ? nil : searches.map(block).joined(separator: "\n")
  }

  private func block(_ search: SearchRecord) -> String {
    let pictures =
      (search.objectives.indices.dropFirst().map { SearchPicture.View.front(across: $0) } + [.progress])
      .compactMap { SearchPicture(search, $0, width: 860, height: 420).inline }
      .map { "<figure>\($0)</figure>" }
    return """
      <div class="search"><h3>\(HTMLText.escaped(search.student))</h3>
      <p class="quiet">\(HTMLText.escaped(SearchWords(search).sentence))</p>
      \(pictures.joined(separator: "\n"))
      \(table(search.front, of: search))
      <details><summary>all candidates</summary>\(table(search.candidates, of: search))</details></div>
      """
  }

  private func table(_ candidates: [SearchRecord.Candidate], of search: SearchRecord) -> String {
    let heads = SearchWords(search).heads.map { "<th>\(HTMLText.escaped($0))</th>" }.joined()
    let rows = candidates.map { candidate in
      "<tr>"
        + SearchWords(search).cells(candidate).map { "<td>\(HTMLText.escaped($0))</td>" }.joined() + "</tr>"
    }
    return
      "<div class=\"scroll\"><table><thead><tr>\(heads)</tr></thead><tbody>\n\(rows.joined(separator: "\n"))\n</tbody></table></div>"
  }
}

/// The words about a search, which the page and Markdown share.
struct SearchWords {
  private let search: SearchRecord

  init(_ search: SearchRecord) { self.search = search }

  /// A summary: strategy, number of candidates, objectives, limits, size of the front, and hypervolume.
  var sentence: String {
    let limits = search.limits.sorted { $0.key < $1.key }.map { "\($0.key) at most \(Self.number($0.value))" }
    let reference = zip(search.objectives, search.reference).map { "\($0) \(Self.number($1))" }
    let volume = search.candidates.last?.hypervolume ?? 0
    return "\(search.strategy) tried \(search.candidates.count) candidates for little of "
      + search.objectives.joined(separator: ", ")
      + (limits.isEmpty ? "" : " (\(limits.joined(separator: ", ")))")
      + "; \(search.front.count) are on the front. It dominates \(String(format: "%.4f", volume)) of the box between nothing and "
      + reference.joined(separator: ", ") + "." + (sharing.map { " " + $0 } ?? "")
  }

  /// What shared weights are worth, in words; `nil` without them.
  private var sharing: String? {
    guard let sharing = search.sharing else { return nil }
    func words(_ value: Double?) -> String { value.map { String(format: "%.3f", $0) } ?? "not known" }
    return
      "Candidates were judged by weights that they share, trained for \(sharing.epochs) epochs. \(sharing.pairs.count) were "
      + "trained alone too: Kendall's tau of both metrics is \(words(sharing.kendall)), Spearman's rank correlation "
      + "\(words(sharing.spearman))."
  }

  /// The column heads of a table of candidates.
  var heads: [String] { ["number"] + search.objectives + ["settings", "derived from", "row", "remark"] }

  /// The cells of a candidate's row, in the order of `heads`.
  func cells(_ candidate: SearchRecord.Candidate) -> [String] {
    let values = search.objectives.indices.map { axis in
      candidate.values.map { Self.number($0[axis]) } ?? Quantity.missing
    }
    let rows = search.rows.filter { $0.value == candidate.number }.keys.sorted().joined(separator: ", ")
    return ["\(candidate.number)"] + values + [
      candidate.settings, candidate.parent.map(String.init) ?? "", rows, candidate.reason ?? "",
    ]
  }

  private static func number(_ value: Double) -> String { String(format: "%.5g", value) }
}
