import Foundation
import Readings
import Runs

/// Accuracy against a resource as geometry: all points, labels, lines and ticks in units of the picture.
///
/// The same report gives the same picture on every machine.
struct TradeoffPicture: Sendable {
  /// A row as a point.
  struct Point: Sendable {
    let row: Ranking.Row
    let family: PictureFamily
    let value: Double
    let fits: Bool
    var place: PicturePlace
    /// True for an accuracy below the range of the axis.
    var isBelow: Bool
    var percent: Double { row.accuracy.mean * 100 }
    var isStudent: Bool { row.role == "student" }
  }

  let measure: PictureMeasure
  /// The name of the metric that rows are ranked by.
  let metricName: String
  let target: String?
  let width: Double
  let height: Double
  /// The area of points and labels.
  let plot: PictureBox
  /// The part of `plot` below which points are out of range; `plot.bottom` where none is.
  let floor: Double
  let across: PictureAxis
  let up: PictureAxis
  let points: [Point]
  /// The students that fit and are more accurate than all students of a smaller or equal value, from the
  /// smallest on.
  let front: [Point]
  /// The corners of the front's line.
  let line: [PicturePlace]
  let labels: [LabelPlacement.Placed]
  let legend: PictureLegend

  static let labelSize = 11.0
  /// The largest length of a name; longer names lose their middle.
  private static let longestName = 26

  /// Makes the picture of a measure, on a target if one is given; `nil` where no student has a value.
  init?(_ report: RunReport, _ measure: PictureMeasure, target: String?, width: Double, height: Double) {
    let rows = report.rows.compactMap { row -> Point? in
      let reading = target.flatMap { row.targets[$0] }
      guard let value = measure.value(row, reading), value > 0, value.isFinite, row.accuracy.mean.isFinite
      else {
        return nil
      }
      return Point(
        row: row, family: PictureFamily.of(row, in: report), value: value, fits: reading?.fits ?? true,
        place: PicturePlace(x: 0, y: 0), isBelow: false)
    }
    let leading = rows.filter { $0.row.role != "control" }
    guard leading.contains(where: \.isStudent) else { return nil }
    self.measure = measure
    metricName = report.metricName
    self.target = target
    self.width = width
    self.height = height
    let legend = PictureLegend(rows, width: width - 32)
    self.legend = legend
    let plot = PictureBox(left: 48, top: 58 + legend.height, right: width - 14, bottom: height - 44)
    self.plot = plot
    let fence = Self.fence(leading.map(\.percent))
    let hasBelow = leading.contains { $0.percent < fence }
    floor = hasBelow ? plot.bottom - 30 : plot.bottom
    let across = PictureAxis(over: leading.map(\.value), length: plot.width, gap: 62)
    let up = PictureAxis(
      percent: leading.map(\.percent).filter { $0 >= fence }, length: floor - plot.top, gap: 34)
    (self.across, self.up) = (across, up)
    let (floor, isInside) = (
      floor,
      { (point: PicturePlace) in
        plot.contains(PictureBox(around: point.x, point.y, reach: 3))
      }
    )
    let placed = rows.compactMap { row -> Point? in
      var point = row
      point.isBelow = point.percent < fence
      point.place.x = plot.left + across.share(point.value) * plot.width
      point.place.y =
        point.isBelow ? floor + 15 : floor - up.share(point.percent) * (floor - plot.top)
      let isControlOut = point.row.role == "control" && (point.isBelow || point.place.y > floor)
      return isControlOut || !isInside(point.place) ? nil : point
    }
    points = placed
    front = Self.front(placed)
    line = Self.line(front, to: plot.right)
    labels = Self.labels(points, front: front, line: line, in: plot)
  }

  /// The accuracy below which a point is out of range, as it would compress the scale of the others.
  ///
  /// **Rule** Tukey's outer fence: the first quartile minus three times the interquartile range, which counts
  /// as at least one point. With fewer than four rows all are shown.
  private static func fence(_ percents: [Double]) -> Double {
    guard percents.count > 3 else { return -Double.infinity }
    let sorted = percents.sorted()
    let first = sorted[sorted.count / 4]
    let third = sorted[sorted.count - 1 - sorted.count / 4]
    return first - 3 * max(third - first, 1)
  }

  private static func front(_ points: [Point]) -> [Point] {
    var best = -Double.infinity
    return points.filter { $0.isStudent && $0.fits && !$0.isBelow }
      .sorted { ($0.value, -$0.percent, $0.row.name) < ($1.value, -$1.percent, $1.row.name) }
      .filter { point in
        guard point.percent > best else { return false }
        best = point.percent
        return true
      }
  }

  private static func line(_ front: [Point], to end: Double) -> [PicturePlace] {
    guard let last = front.last else { return [] }
    let steps = zip(front, front.dropFirst()).flatMap { before, after in
      [before.place, PicturePlace(x: after.place.x, y: before.place.y)]
    }
    return steps + [last.place, PicturePlace(x: end, y: last.place.y)]
  }

  private static func labels(
    _ points: [Point], front: [Point], line: [PicturePlace], in plot: PictureBox
  ) -> [LabelPlacement.Placed] {
    var placement = LabelPlacement(in: plot.widened(by: -2), points: points.map(\.place), line: line)
    let onFront = Set(front.map(\.row.name))
    let teacher = points.filter { $0.row.role == "teacher" }
    let others = points.filter { $0.isStudent && !onFront.contains($0.row.name) }
    let important = front + teacher + others.filter(\.isBelow)
    for point in important + others.filter({ !$0.isBelow }) {
      let name = TerminalText.shortened(TerminalText.printable(point.row.name), to: longestName)
      let text = point.isBelow ? "\(name) \(Quantity.percent(point.row.accuracy.mean)) %" : name
      let isImportant = point.isBelow || point.row.role == "teacher" || onFront.contains(point.row.name)
      placement.place(
        LabelPlacement.Wish(text: text, point: point.place, isImportant: isImportant), size: labelSize)
    }
    return placement.placed
  }
}
