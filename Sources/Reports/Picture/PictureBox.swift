/// A rectangle of a picture; y grows downwards.
struct PictureBox: Equatable, Sendable {
  var left: Double
  var top: Double
  var right: Double
  var bottom: Double

  var width: Double { right - left }
  var height: Double { bottom - top }

  /// Makes the square around a point.
  init(around x: Double, _ y: Double, reach: Double) {
    self.init(left: x - reach, top: y - reach, right: x + reach, bottom: y + reach)
  }

  init(left: Double, top: Double, right: Double, bottom: Double) {
    (self.left, self.top, self.right, self.bottom) = (left, top, right, bottom)
  }

  func intersects(_ other: PictureBox) -> Bool {
    left < other.right && other.left < right && top < other.bottom && other.top < bottom
  }

  func contains(_ other: PictureBox) -> Bool {
    left <= other.left && other.right <= right && top <= other.top && other.bottom <= bottom
  }

  /// The box with a margin around it.
  func widened(by margin: Double) -> PictureBox {
    PictureBox(left: left - margin, top: top - margin, right: right + margin, bottom: bottom + margin)
  }

  /// True if a straight line passes through the box (Liang and Barsky's clipping).
  func isCrossed(from start: PicturePlace, to end: PicturePlace) -> Bool {
    var (enter, leave) = (0.0, 1.0)
    let (dx, dy) = (end.x - start.x, end.y - start.y)
    for (step, room) in [
      (-dx, start.x - left), (dx, right - start.x), (-dy, start.y - top), (dy, bottom - start.y),
    ] {
      if step == 0 {
        if room <= 0 { return false }
      } else if step < 0 {
        enter = max(enter, room / step)
      } else {
        leave = min(leave, room / step)
      }
    }
    return enter < leave
  }
}

/// A point of a picture.
struct PicturePlace: Equatable, Sendable {
  var x: Double
  var y: Double
}
