/// The legend of the families that occur, in lines above the picture.
struct PictureLegend: Sendable {
  struct Entry: Sendable {
    let family: PictureFamily
    let x: Double
    let line: Int
  }

  let entries: [Entry]
  let height: Double
  static let lineHeight = 18.0

  init(_ points: [TradeoffPicture.Point], width: Double) {
    var (x, line) = (0.0, 0)
    let names = Set(points.map(\.family.name))
    entries = PictureFamily.all.filter { names.contains($0.name) }.map { family in
      let room = 26 + PictureText.width(family.name, size: 11)
      if x > 0, x + room > width { (x, line) = (0, line + 1) }
      defer { x += room }
      return Entry(family: family, x: x, line: line)
    }
    height = Double(line + 1) * Self.lineHeight
  }
}
