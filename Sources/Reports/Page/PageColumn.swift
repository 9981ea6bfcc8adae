import Foundation
import Runs

/// A column of the page's ranking.
struct PageColumn {
  /// What a cell shows and by what it sorts.
  struct Cell {
    /// HTML.
    var shown: String
    /// A number, or a text in lower case; empty sorts last.
    var sort: String
    var style = ""
  }

  let title: String
  let hint: String
  var isNumber = true
  /// Whether a first click puts the largest on top.
  var isLargestFirst = false
  /// Whether it is shown on demand only.
  var isExtra = false
  /// The target of which it tells.
  var target: String?
  let cell: (Ranking.Row) -> Cell

  /// The head's HTML; columns of other targets than `chosen` are hidden.
  func head(_ chosen: String?) -> String {
    let first = isLargestFirst ? " data-first=\"descending\"" : ""
    return
      "<th scope=\"col\"\(attributes(chosen))\(first) title=\"\(HTMLText.escaped(hint))\">\(HTMLText.escaped(title))</th>"
  }

  /// The cell's HTML.
  func body(_ row: Ranking.Row, _ chosen: String?) -> String {
    let cell = cell(row)
    return
      "<td\(attributes(chosen, cell.style)) data-sort=\"\(HTMLText.escaped(cell.sort))\">\(cell.shown)</td>"
  }

  private func attributes(_ chosen: String?, _ style: String = "") -> String {
    let classes = [isNumber ? "number" : "", isExtra ? "extra" : "", style].filter { !$0.isEmpty }
    let named = classes.isEmpty ? "" : " class=\"\(classes.joined(separator: " "))\""
    guard let target else { return named }
    return named + " data-target=\"\(HTMLText.escaped(target))\"" + (target == chosen ? "" : " hidden")
  }
}
