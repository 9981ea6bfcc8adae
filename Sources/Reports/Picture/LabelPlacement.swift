import Foundation

/// Places labels beside points so that none covers another label or a point, or crosses the edge.
///
/// Labels are placed one after the other, the most important first. Each takes the free place nearest to its
/// point, and places on the front's line last. An important label may stand further away, with a line to its
/// point; another one without a free place nearby is left out.
struct LabelPlacement {
  /// A label to be placed.
  struct Wish {
    let text: String
    let point: PicturePlace
    /// True if it may stand apart from its point.
    let isImportant: Bool
  }

  /// A placed label.
  struct Placed: Equatable, Sendable {
    let text: String
    let box: PictureBox
    /// The line from the point to a label that stands apart; empty for others.
    let leader: [PicturePlace]
  }

  /// The height of a label.
  static let lineHeight = 13.0
  private static let clearance = 8.0
  private static let directions = (0..<16).map { Double($0) * .pi / 8 }

  private let area: PictureBox
  private let marks: [PictureBox]
  private let line: [PicturePlace]
  private(set) var placed: [Placed] = []

  /// Makes an empty placement.
  ///
  /// - Parameters:
  ///   - area: the area of labels.
  ///   - points: the points that no label may cover.
  ///   - line: the corners of a line that labels avoid.
  init(in area: PictureBox, points: [PicturePlace], line: [PicturePlace]) {
    self.area = area
    self.line = line
    marks = points.map { PictureBox(around: $0.x, $0.y, reach: 6) }
  }

  /// Places a label if there is room.
  mutating func place(_ wish: Wish, size: Double) {
    let width = PictureText.width(wish.text, size: size)
    let distances: [Double] = wish.isImportant ? [0, 8, 16, 26, 38, 52, 70, 92, 120] : [0]
    var best: (cost: Double, label: Placed)?
    for distance in distances {
      for direction in Self.directions {
        let label = Self.label(wish, width: width, direction: direction, distance: distance)
        guard isFree(label, of: wish.point) else { continue }
        let cost = distance + (isOnLine(label.box) ? 30 : 0) + 2 * abs(sin(direction))
        if best.map({ cost < $0.cost }) ?? true { best = (cost, label) }
      }
      if let best, best.cost <= distance + 8 { break }
    }
    if let best { placed.append(best.label) }
  }

  /// The label whose near side or corner lies in a direction from its point.
  private static func label(_ wish: Wish, width: Double, direction: Double, distance: Double) -> Placed {
    let (dx, dy) = (cos(direction), sin(direction))
    let reach = clearance + distance
    let center = PicturePlace(
      x: wish.point.x + dx * reach + (abs(dx) < 0.1 ? 0 : dx > 0 ? width / 2 : -width / 2),
      y: wish.point.y + dy * (reach + lineHeight / 2))
    let box = PictureBox(
      left: center.x - width / 2, top: center.y - lineHeight / 2, right: center.x + width / 2,
      bottom: center.y + lineHeight / 2)
    guard distance > 8 else { return Placed(text: wish.text, box: box, leader: []) }
    let end = PicturePlace(
      x: min(max(wish.point.x, box.left), box.right), y: min(max(wish.point.y, box.top), box.bottom))
    return Placed(text: wish.text, box: box, leader: [wish.point, end])
  }

  private func isFree(_ label: Placed, of point: PicturePlace) -> Bool {
    let box = label.box
    guard area.contains(box) else { return false }
    guard !placed.contains(where: { $0.box.widened(by: 2).intersects(box) }) else { return false }
    guard !marks.contains(where: { $0.intersects(box) }) else { return false }
    guard
      !placed.contains(where: { $0.leader.count == 2 && box.isCrossed(from: $0.leader[0], to: $0.leader[1]) })
    else { return false }
    guard label.leader.count == 2 else { return true }
    return !placed.contains { $0.box.isCrossed(from: label.leader[0], to: label.leader[1]) }
  }

  private func isOnLine(_ box: PictureBox) -> Bool {
    zip(line, line.dropFirst()).contains { box.isCrossed(from: $0, to: $1) }
  }
}
