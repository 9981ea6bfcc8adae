import Foundation
import Runs

/// A column of the page's ranking.
struct PageColumn {
  /// The content and the sort key of a cell.
  struct Cell {
    /// The HTML of the cell.
    var shown: String
    /// The sort key: a number, or a text in lower case; empty keys come last.
    var sort: String
    var style = ""
  }

  let title: String
  let hint: String
  var isNumber = true
  /// True if a first click sorts the largest to the top.
  var isLargestFirst = false
  /// True if the column is only shown on request.
  var isExtra = false
  /// The target of the column; `nil` for all targets.
  var target: String?
  let cell: (Ranking.Row) -> Cell

  /// The HTML of the head; columns of other targets than `chosen` are hidden.
  func head(_ chosen: String?) -> String {
    let first = isLargestFirst ? " data-first=\"descending\"" : ""
    return
      "<th scope=\"col\"\(attributes(chosen))\(first) title=\"\(HTMLText.escaped(hint))\">\(HTMLText.escaped(title))</th>"
  }

  /// The HTML of the cell.
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
