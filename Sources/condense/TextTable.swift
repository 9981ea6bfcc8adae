/// A table of text: columns as wide as their cells, two spaces apart, some shrinking where the line is too short.
struct TextTable {
  /// How one column is set.
  struct Column {
    let title: String
    let isNumber: Bool
    /// How narrow the column may become; `nil` keeps it whole.
    let minimum: Int?

    init(_ title: String, isNumber: Bool = false, shrinksTo minimum: Int? = nil) {
      self.title = title
      self.isNumber = isNumber
      self.minimum = minimum
    }
  }

  let columns: [Column]
  var rows: [[String]] = []

  init(columns: [Column]) { self.columns = columns }

  /// The titles and rows; later columns that may shrink do so before earlier ones.
  func lines(width: Int) -> [String] {
    var widths = columns.indices.map { index in
      rows.reduce(columns[index].title.count) { max($0, $1[index].count) }
    }
    var excess = widths.reduce(2 * (columns.count - 1), +) - width
    for index in columns.indices.reversed() where excess > 0 {
      guard let minimum = columns[index].minimum else { continue }
      let cut = min(excess, max(0, widths[index] - minimum))
      widths[index] -= cut
      excess -= cut
    }
    return ([columns.map(\.title)] + rows).map { line($0, widths) }
  }

  private func line(_ cells: [String], _ widths: [Int]) -> String {
    let padded = columns.indices.map { index in
      let cell = Self.shortened(cells[index], to: widths[index])
      let space = String(repeating: " ", count: widths[index] - cell.count)
      return columns[index].isNumber ? space + cell : cell + space
    }
    let line = padded.joined(separator: "  ")
    return String(line.reversed().drop { $0 == " " }.reversed())
  }

  /// The text with its middle left out, where it is too long: both ends of a name tell most.
  private static func shortened(_ text: String, to width: Int) -> String {
    guard text.count > width else { return text }
    let tail = (width - 1) / 2
    return text.prefix(width - 1 - tail) + "…" + text.suffix(tail)
  }
}
