import Foundation
import Runs

/// A picture of a search for a front: its candidates by two objectives, or its hypervolume over time.
///
/// The picture is a function of the search alone, the same on every machine.
struct SearchPicture {
  /// The kind of picture.
  enum View {
    /// The candidates with the first objective on the y axis and another one on the x axis.
    case front(across: Int)
    /// The hypervolume after each candidate.
    case progress
  }

  private let search: SearchRecord
  private let view: View
  private let width: Double
  private let height: Double
  private let plot: PictureBox

  init(_ search: SearchRecord, _ view: View, width: Double, height: Double) {
    self.search = search
    self.view = view
    self.width = width
    self.height = height
    plot = PictureBox(left: 64, top: 54, right: width - 14, bottom: height - 44)
  }

  /// The picture as an SVG element for a page; `nil` with fewer than two points.
  var inline: String? {
    let drawn = corners
    guard drawn.count > 1 else { return nil }
    let across = PictureAxis(over: drawn.map(\.x), length: plot.width, gap: 72)
    let up = PictureAxis(over: drawn.map(\.y), length: plot.height, gap: 34)
    let (w, h) = (PictureSVG.number(width), PictureSVG.number(height))
    let parts = [
      "<svg class=\"picture\" viewBox=\"0 0 \(w) \(h)\" role=\"img\" aria-label=\"\(PictureSVG.escaped(title))\">",
      "<rect class=\"paper\" width=\"\(w)\" height=\"\(h)\" rx=\"8\"/>",
      PictureSVG.text("title", 16, 24, title),
    ]
    return (parts + axes(across, up) + content(across, up) + ["</svg>"]).joined(separator: "\n")
  }

  private var title: String {
    switch view {
    case .front(let axis): "\(search.objectives[0]) against \(search.objectives[axis])"
    case .progress: "Hypervolume over candidates"
    }
  }

  /// The points in the units of the axes; candidates with infinite values are left out.
  private var corners: [PicturePlace] {
    switch view {
    case .front(let axis):
      search.candidates.compactMap { candidate in
        guard let values = candidate.values, values[0].isFinite, values[axis].isFinite else { return nil }
        return PicturePlace(x: values[axis], y: values[0])
      }
    case .progress:
      search.candidates.map { PicturePlace(x: Double($0.number), y: $0.hypervolume) }
    }
  }

  private func place(_ point: PicturePlace, _ across: PictureAxis, _ up: PictureAxis) -> PicturePlace {
    // Zero has no place on a logarithmic axis: it is drawn at its end.
    func share(_ axis: PictureAxis, _ value: Double) -> Double { min(max(axis.share(value), 0), 1) }
    return PicturePlace(
      x: plot.left + share(across, point.x) * plot.width, y: plot.bottom - share(up, point.y) * plot.height)
  }

  private func axes(_ across: PictureAxis, _ up: PictureAxis) -> [String] {
    let (left, right) = (PictureSVG.number(plot.left), PictureSVG.number(plot.right))
    let (top, bottom) = (PictureSVG.number(plot.top), PictureSVG.number(plot.bottom))
    func words(_ value: Double) -> String { String(format: "%g", (value * 1e6).rounded() / 1e6) }
    let ups = up.ticks.map { value -> String in
      let y = plot.bottom - up.share(value) * plot.height
      return "<path class=\"grid\" d=\"M\(left) \(PictureSVG.number(y))H\(right)\"/>"
        + PictureSVG.text("tick end", plot.left - 6, y + 4, words(value))
    }
    let acrosses = across.ticks.map { value -> String in
      let x = plot.left + across.share(value) * plot.width
      return "<path class=\"grid\" d=\"M\(PictureSVG.number(x)) \(top)V\(bottom)\"/>"
        + PictureSVG.text("tick middle", x, plot.bottom + 16, words(value))
    }
    let (upward, onward) =
      switch view {
      case .front(let axis): (search.objectives[0], search.objectives[axis])
      case .progress: ("share of the box", "candidates")
      }
    return ups + acrosses + [
      "<path class=\"axis\" d=\"M\(left) \(top)V\(bottom)H\(right)\"/>",
      PictureSVG.text("axis-title", 16, plot.top - 8, upward + (up.isLogarithmic ? ", logarithmic" : "")),
      PictureSVG.text(
        "axis-title end", plot.right, plot.bottom + 34, onward + (across.isLogarithmic ? ", logarithmic" : "")
      ),
    ]
  }

  private func content(_ across: PictureAxis, _ up: PictureAxis) -> [String] {
    switch view {
    case .front(let axis):
      return search.candidates.compactMap { candidate in
        guard let values = candidate.values, values[0].isFinite, values[axis].isFinite else { return nil }
        let place = place(PicturePlace(x: values[axis], y: values[0]), across, up)
        let (x, y) = (PictureSVG.number(place.x), PictureSVG.number(place.y))
        let words = "\(candidate.number): \(candidate.settings)" + (candidate.reason.map { "; \($0)" } ?? "")
        return
          "<g><circle class=\"mark\(candidate.isOnFront ? "" : " hollow")\" cx=\"\(x)\" cy=\"\(y)\" r=\"4\"/>"
          + "<title>\(PictureSVG.escaped(words))</title></g>"
      }
    case .progress:
      let steps = corners.map { place($0, across, up) }
      guard let first = steps.first else { return [] }
      let path = zip(steps, steps.dropFirst()).map { _, next in
        "H\(PictureSVG.number(next.x))V\(PictureSVG.number(next.y))"
      }
      return [
        "<path class=\"front\" d=\"M\(PictureSVG.number(first.x)) \(PictureSVG.number(first.y))\(path.joined())\"/>"
      ]
    }
  }
}
