import Foundation
import Runs

/// A picture as SVG: within a page, whose style it uses, or as a separate file.
struct PictureSVG {
  private let picture: TradeoffPicture
  private static let margin = 16.0

  init(_ picture: TradeoffPicture) { self.picture = picture }

  /// The SVG file without external parts; it follows the reader's light or dark colour scheme.
  var file: String {
    element(attributes: " xmlns=\"http://www.w3.org/2000/svg\"", style: PageAssets.pictureStyle) + "\n"
  }

  /// The SVG element for a page, with a class name.
  func inline(_ name: String) -> String { element(attributes: "", name: " " + name, style: nil) }

  private func element(attributes: String, name: String = "", style: String?) -> String {
    let (width, height) = (Self.number(picture.width), Self.number(picture.height))
    let parts = [
      "<svg class=\"picture\(name)\"\(attributes) viewBox=\"0 0 \(width) \(height)\" role=\"img\" "
        + "aria-label=\"\(Self.escaped(title))\">",
      style.map { "<style>\n\($0)</style>" } ?? "",
      "<rect class=\"paper\" width=\"\(width)\" height=\"\(height)\" rx=\"8\"/>",
      "<text class=\"title\" x=\"\(Self.number(Self.margin))\" y=\"24\">\(Self.escaped(heading))</text>",
    ]
    return (parts + legend + axes + whiskers + [front] + points + labels + ["</svg>"]).filter { !$0.isEmpty }
      .joined(separator: "\n")
  }

  private var title: String { plainTitle + (picture.target.map { " on \($0)" } ?? "") }
  private var plainTitle: String { "Accuracy against \(picture.measure.title)" }

  /// The title that fits the width; in a narrow picture the target is left out, as the page names it.
  var heading: String {
    let room = picture.width - 2 * Self.margin
    return PictureText.width(title, size: Self.titleSize) <= room ? title : plainTitle
  }

  /// The font size of the title, equal to that in `picture.css`.
  private static let titleSize = 14.0

  private var legend: [String] {
    picture.legend.entries.map { entry in
      let (x, y) = (Self.margin + entry.x + 6, 42 + Double(entry.line) * PictureLegend.lineHeight)
      return mark(entry.family, x, y, isHollow: entry.family.name == "control")
        + "<text x=\"\(Self.number(x + 11))\" y=\"\(Self.number(y + 4))\">\(entry.family.name)</text>"
    }
  }

  // MARK: Axes

  private var axes: [String] {
    let plot = picture.plot
    let ups = picture.up.ticks.map { value -> String in
      let y = picture.floor - picture.up.share(value) * (picture.floor - plot.top)
      return
        "<path class=\"grid\" d=\"M\(Self.number(plot.left)) \(Self.number(y))H\(Self.number(plot.right))\"/>"
        + text("tick end", plot.left - 6, y + 4, String(format: "%g", (value * 1e6).rounded() / 1e6))
    }
    let acrosses = picture.across.ticks.map { value -> String in
      let x = plot.left + picture.across.share(value) * plot.width
      let words = picture.measure.words(value)
      let half = PictureText.width(words, size: 11) / 2
      let place = min(max(x, half + 2), picture.width - half - 2)
      return
        "<path class=\"grid\" d=\"M\(Self.number(x)) \(Self.number(plot.top))V\(Self.number(plot.bottom))\"/>"
        + text("tick middle", place, plot.bottom + 16, words)
    }
    let scale = picture.across.isLogarithmic ? ", logarithmic" : ""
    let cut =
      picture.floor < plot.bottom
      ? "<path class=\"cut\" d=\"M\(Self.number(plot.left)) \(Self.number(picture.floor))H\(Self.number(plot.right))\"/>"
        + text("tick end", plot.left - 6, picture.floor + 19, "lower") : ""
    return ups + acrosses + [
      cut,
      "<path class=\"axis\" d=\"M\(Self.number(plot.left)) \(Self.number(plot.top))V\(Self.number(plot.bottom))H\(Self.number(plot.right))\"/>",
      text("axis-title", Self.margin, plot.top - 8, picture.metricName + ", %"),
      text(
        "axis-title end", plot.right, plot.bottom + 34,
        picture.measure.title + scale + "; line: the front of students"),
    ]
  }

  // MARK: Rows

  private var front: String {
    guard let first = picture.line.first else { return "" }
    let steps = picture.line.dropFirst().map { "L\(Self.place($0))" }.joined()
    return "<path class=\"front\" d=\"M\(Self.place(first))\(steps)\"/>"
  }

  /// The 95 % intervals of accuracies, clipped to the picture.
  private var whiskers: [String] {
    picture.points.filter { !$0.isBelow && $0.row.role != "control" }.compactMap { point in
      let bounds = [point.row.accuracy.low, point.row.accuracy.high].map { rate -> Double in
        guard rate.isFinite else { return point.place.y }
        let y = picture.floor - picture.up.share(rate * 100) * (picture.floor - picture.plot.top)
        return min(max(y, picture.plot.top), picture.floor)
      }
      return bounds[0] == bounds[1]
        ? nil
        : "<path class=\"whisker\" d=\"M\(Self.number(point.place.x)) \(Self.number(bounds[0]))V\(Self.number(bounds[1]))\"/>"
    }
  }

  /// Controls are drawn below students.
  private var points: [String] {
    let controls = picture.points.filter { $0.row.role == "control" }
    return (controls + picture.points.filter { $0.row.role != "control" }).map { point in
      "<g>"
        + mark(
          point.family, point.place.x, point.place.y, isHollow: !point.fits || point.row.role == "control")
        + "<title>\(Self.escaped(words(point)))</title></g>"
    }
  }

  private func words(_ point: TradeoffPicture.Point) -> String {
    let deviation = point.row.accuracy.sd.map { " ± " + Quantity.percent($0) } ?? ""
    return
      "\(point.row.name): \(Quantity.percent(point.row.accuracy.mean))\(deviation) %, \(picture.measure.title) "
      + picture.measure.words(point.value) + (point.fits ? "" : ", does not fit")
  }

  private var labels: [String] {
    picture.labels.map { label in
      let leader =
        label.leader.count == 2
        ? "<path class=\"leader\" d=\"M\(Self.place(label.leader[0]))L\(Self.place(label.leader[1]))\"/>" : ""
      return leader
        + text("label middle", (label.box.left + label.box.right) / 2, label.box.bottom - 3, label.text)
    }
  }

  private func mark(_ family: PictureFamily, _ x: Double, _ y: Double, isHollow: Bool) -> String {
    "<path class=\"mark \(family.name)\(isHollow ? " hollow" : "")\" "
      + "transform=\"translate(\(Self.number(x)) \(Self.number(y)))\" d=\"\(family.outline)\"/>"
  }

  private func text(_ name: String, _ x: Double, _ y: Double, _ words: String) -> String {
    Self.text(name, x, y, words)
  }

  /// A text element of a class at a position.
  static func text(_ name: String, _ x: Double, _ y: Double, _ words: String) -> String {
    "<text class=\"\(name)\" x=\"\(number(x))\" y=\"\(number(y))\">\(escaped(words))</text>"
  }

  private static func place(_ place: PicturePlace) -> String { "\(number(place.x)) \(number(place.y))" }

  /// A coordinate with at most one decimal.
  static func number(_ value: Double) -> String { String(format: "%g", (value * 10).rounded() / 10) }

  /// XML forbids two characters that HTML allows.
  static func escaped(_ text: String) -> String {
    HTMLText.escaped(text).replacing("\u{FFFE}", with: "\u{FFFD}").replacing("\u{FFFF}", with: "\u{FFFD}")
  }
}
