/// A table of text, with columns as wide as their cells and two spaces apart.
///
/// If the line is too short, columns that may be left out are, then those that may shrink do.
public struct TextTable: Sendable {
  /// The layout of one column.
  public struct Column: Sendable {
    let title: String
    let isNumber: Bool
    /// The least width of the column; `nil` for a column that never shrinks.
    let minimum: Int?
    /// A heading that adjacent columns share.
    let group: String?
    /// The rank of a column that may be left out, the highest first; `nil` for a column that stays.
    let rank: Int?

    /// Makes a column.
    public init(
      _ title: String, isNumber: Bool = false, shrinksTo minimum: Int? = nil, group: String? = nil,
      leftOutAt rank: Int? = nil
    ) {
      self.title = title
      self.isNumber = isNumber
      self.minimum = minimum
      self.group = group
      self.rank = rank
    }
  }

  /// The columns, from the left.
  public let columns: [Column]
  /// The rows, with a cell for each column.
  public var rows: [[String]] = []

  /// Makes a table without rows.
  public init(columns: [Column]) { self.columns = columns }

  /// The lines of the table; later columns that may shrink do so before earlier ones.
  public func lines(width: Int) -> [String] {
    let layout = layout(width: width)
    return layout.headings + layout.rows
  }

  /// The lines above the rows, and a line for each row, none wider than `width`.
  func layout(width: Int) -> (headings: [String], rows: [String]) {
    let cells = rows.map { $0.map(TerminalText.printable) }
    let titles = columns.map { TerminalText.printable($0.title) }
    let natural = columns.indices.map { index in
      cells.reduce(TerminalText.columns(titles[index])) { max($0, TerminalText.columns($1[index])) }
    }
    let shown = shown(natural, width)
    let widths = fitted(natural, shown, width)
    func line(_ cells: [String]) -> String {
      let padded = shown.map { self.cell(cells[$0], columns[$0], widths[$0]) }
      return TerminalText.shortened(Self.trimmed(padded.joined(separator: "  ")), to: width)
    }
    let groups = groupLine(shown, widths).map { [TerminalText.shortened($0, to: width)] } ?? []
    return (groups + [line(titles)], cells.map(line))
  }

  /// The rank from which a column is left out before any other shrinks.
  static let luxury = 50

  /// The indices of the columns that stay.
  private func shown(_ natural: [Int], _ width: Int) -> [Int] {
    let least = columns.indices.map { min(natural[$0], columns[$0].minimum ?? natural[$0]) }
    let afterLuxury = leavingOut(Array(columns.indices), from: Self.luxury, widths: natural, width)
    return leavingOut(afterLuxury, from: 0, widths: least, width)
  }

  /// Leaves out columns of at least a rank, the highest first, until the rest fits.
  private func leavingOut(_ shown: [Int], from rank: Int, widths: [Int], _ width: Int) -> [Int] {
    var shown = shown
    while shown.reduce(2 * (shown.count - 1), { $0 + widths[$1] }) > width {
      let ranked = shown.filter { (columns[$0].rank ?? -1) >= rank }
      guard let last = ranked.max(by: { (columns[$0].rank ?? 0) < (columns[$1].rank ?? 0) }) else { break }
      shown.removeAll { $0 == last }
    }
    return shown
  }

  /// The widths after shrinking; only those of shown columns count.
  private func fitted(_ natural: [Int], _ shown: [Int], _ width: Int) -> [Int] {
    var widths = natural
    var excess = shown.reduce(2 * (shown.count - 1)) { $0 + natural[$1] } - width
    for index in shown.reversed() where excess > 0 {
      guard let minimum = columns[index].minimum else { continue }
      let cut = min(excess, max(0, widths[index] - minimum))
      widths[index] -= cut
      excess -= cut
    }
    return widths
  }

  /// The line of shared headings, each between rules over its columns; `nil` where there are none.
  private func groupLine(_ shown: [Int], _ widths: [Int]) -> String? {
    guard shown.contains(where: { columns[$0].group != nil }) else { return nil }
    var line = ""
    var first = 0
    while first < shown.count {
      let group = columns[shown[first]].group
      var end = first
      while group != nil, end + 1 < shown.count, columns[shown[end + 1]].group == group { end += 1 }
      let span = (first...end).reduce(2 * (end - first)) { $0 + widths[shown[$1]] }
      line += (first == 0 ? "" : "  ") + Self.ruled(group, span)
      first = end + 1
    }
    return Self.trimmed(line)
  }

  private static func ruled(_ group: String?, _ span: Int) -> String {
    guard let group else { return String(repeating: " ", count: span) }
    let name = TerminalText.shortened(TerminalText.printable(group), to: max(1, span - 2))
    let rest = max(0, span - TerminalText.columns(name) - 2)
    let left = String(repeating: "─", count: rest / 2)
    let right = String(repeating: "─", count: rest - rest / 2)
    return rest == 0 ? TerminalText.padding(name, to: span) + name : "\(left) \(name) \(right)"
  }

  private func cell(_ text: String, _ column: Column, _ width: Int) -> String {
    let cell = TerminalText.shortened(text, to: width)
    let space = TerminalText.padding(cell, to: width)
    return column.isNumber ? space + cell : cell + space
  }

  private static func trimmed(_ line: String) -> String {
    String(line.reversed().drop { $0 == " " }.reversed())
  }
}
