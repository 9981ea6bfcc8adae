import Foundation

/// Curves of a metric over a share, as an SVG file without external parts.
///
/// The same curves give the same picture on every machine.
public struct CurvePicture: Sendable {
  /// One curve.
  public struct Curve: Sendable {
    let name: String
    let points: [(across: Double, rate: Double)]
    /// True if the curve is drawn thicker and labelled first.
    let isMarked: Bool

    /// Makes a curve of shares and rates, 0…1 each; points that are not finite are left out.
    public init(name: String, points: [(Double, Double)], isMarked: Bool = false) {
      self.name = name
      self.points = points.map { (across: $0.0, rate: $0.1) }.filter {
        $0.across.isFinite && $0.rate.isFinite
      }
      self.isMarked = isMarked
    }
  }

  let title: String
  let acrossTitle: String
  let metric: String
  let width: Double
  let height: Double
  let plot: PictureBox
  let across: PictureAxis
  let up: PictureAxis
  /// The points of the curves in the picture, in the order given.
  let lines: [(curve: Curve, places: [PicturePlace])]
  let labels: [LabelPlacement.Placed]

  /// The number of colours; further curves are dashed, then dotted.
  private static let colours = 8
  private static let dashes = ["", "6 3", "2 3"]

  /// Makes a picture.
  ///
  /// - Parameters:
  ///   - title: the title.
  ///   - acrossTitle: the text at the horizontal axis.
  ///   - metric: the name of the metric on the vertical axis, in percent.
  ///   - curves: the curves.
  ///   - width: the width of the picture.
  ///   - height: the height of the picture.
  public init(
    title: String, across acrossTitle: String, metric: String, curves: [Curve], width: Double, height: Double
  ) {
    (self.title, self.acrossTitle, self.metric) = (title, acrossTitle, metric)
    (self.width, self.height) = (width, height)
    let plot = PictureBox(left: 48, top: 62, right: width - 14, bottom: height - 44)
    self.plot = plot
    let points = curves.flatMap(\.points)
    let across = PictureAxis(over: [0] + points.map(\.across), length: plot.width, gap: 62)
    let up = PictureAxis(percent: points.map { $0.rate * 100 }, length: plot.height, gap: 34)
    (self.across, self.up) = (across, up)
    lines = curves.map { curve in
      (
        curve,
        curve.points.map { point in
          PicturePlace(
            x: plot.left + across.share(point.across) * plot.width,
            y: plot.bottom - up.share(point.rate * 100) * plot.height)
        }
      )
    }
    labels = Self.labels(lines, in: plot)
  }

  /// A label near the middle of each curve's fall, the marked curves first.
  private static func labels(
    _ lines: [(curve: Curve, places: [PicturePlace])], in plot: PictureBox
  ) -> [LabelPlacement.Placed] {
    var placement = LabelPlacement(in: plot, points: [], line: lines.first?.places ?? [])
    for (curve, places) in lines.filter(\.curve.isMarked) + lines.filter({ !$0.curve.isMarked }) {
      guard let first = places.first, let lowest = places.map(\.y).max() else { continue }
      let middle = (first.y + lowest) / 2
      guard let point = places.min(by: { abs($0.y - middle) < abs($1.y - middle) }) else { continue }
      placement.place(
        LabelPlacement.Wish(
          text: TerminalText.shortened(TerminalText.printable(curve.name), to: 26), point: point,
          isImportant: true), size: 11)
    }
    return placement.placed
  }

  /// The SVG file; it follows the reader's light or dark colour scheme.
  public var file: String {
    let (width, height) = (PictureSVG.number(width), PictureSVG.number(height))
    let parts = [
      "<svg class=\"picture\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(width) \(height)\" role=\"img\" "
        + "aria-label=\"\(PictureSVG.escaped(title))\">",
      "<style>\n\(PageAssets.pictureStyle)</style>",
      "<rect class=\"paper\" width=\"\(width)\" height=\"\(height)\" rx=\"8\"/>",
      PictureSVG.text("title", 16, 24, title),
    ]
    return (parts + axes + curves + names + ["</svg>"]).joined(separator: "\n") + "\n"
  }

  private var axes: [String] {
    let (left, right) = (PictureSVG.number(plot.left), PictureSVG.number(plot.right))
    let (top, bottom) = (PictureSVG.number(plot.top), PictureSVG.number(plot.bottom))
    func words(_ value: Double) -> String { String(format: "%g", (value * 1e6).rounded() / 1e6) }
    let ups = up.ticks.map { value -> String in
      let y = plot.bottom - up.share(value) * plot.height
      return "<path class=\"grid\" d=\"M\(left) \(PictureSVG.number(y))H\(right)\"/>"
        + PictureSVG.text("tick end", plot.left - 6, y + 4, words(value))
    }
    let acrosses = across.ticks.filter { $0 <= 1 }.map { value -> String in
      let x = plot.left + across.share(value) * plot.width
      return "<path class=\"grid\" d=\"M\(PictureSVG.number(x)) \(top)V\(bottom)\"/>"
        + PictureSVG.text("tick middle", x, plot.bottom + 16, words(value))
    }
    return ups + acrosses + [
      "<path class=\"axis\" d=\"M\(left) \(top)V\(bottom)H\(right)\"/>",
      PictureSVG.text("axis-title", 16, plot.top - 8, metric + ", %"),
      PictureSVG.text("axis-title end", plot.right, plot.bottom + 34, acrossTitle),
    ]
  }

  private var curves: [String] {
    lines.enumerated().filter { $0.element.places.count > 1 }.map { number, line in
      let colour = number % Self.colours + 1
      let dash = Self.dashes[number / Self.colours % Self.dashes.count]
      let corners = line.places.map { "\(PictureSVG.number($0.x)) \(PictureSVG.number($0.y))" }
      return "<g><path class=\"curve\(line.curve.isMarked ? " marked" : "")\" "
        + "style=\"stroke: var(--series-\(colour))\(dash.isEmpty ? "" : "; stroke-dasharray: \(dash)")\" "
        + "d=\"M\(corners.joined(separator: "L"))\"/><title>\(PictureSVG.escaped(line.curve.name))</title></g>"
    }
  }

  private var names: [String] {
    labels.map { label in
      let leader =
        label.leader.count == 2
        ? "<path class=\"leader\" d=\"M\(PictureSVG.number(label.leader[0].x)) \(PictureSVG.number(label.leader[0].y))"
          + "L\(PictureSVG.number(label.leader[1].x)) \(PictureSVG.number(label.leader[1].y))\"/>" : ""
      return leader
        + PictureSVG.text(
          "label middle", (label.box.left + label.box.right) / 2, label.box.bottom - 3, label.text)
    }
  }
}
