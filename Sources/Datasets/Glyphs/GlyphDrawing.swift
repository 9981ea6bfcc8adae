import Images
import Tensors

/// A drawing of one glyph: a shape under a random affine map, with stray strokes, noise and a covered part.
///
/// Only additions, multiplications, divisions and square roots are used. IEEE 754 defines their results to
/// the last bit, so the images are the same on every machine.
struct GlyphDrawing {
  static let side = 28
  private let difficulty: GlyphDifficulty
  private var random: SeededRandom

  init(_ difficulty: GlyphDifficulty, _ random: SeededRandom) {
    self.difficulty = difficulty
    self.random = random
  }

  /// Draws the image of a shape.
  mutating func image(of shape: GlyphShape) -> Image {
    let pieces = self.pieces(of: shape)
    let width = uniform(difficulty.strokeWidth)
    let background = uniform(difficulty.background)
    let contrast = uniform(difficulty.contrast)
    var values = Array(repeating: background, count: Self.side * Self.side)
    addClutter(to: &values, background)
    Self.draw(pieces, width: width, level: background + contrast, into: &values)
    cover(&values, background)
    let noise = uniform(0...difficulty.noise)
    return Image(
      width: Self.side, height: Self.side, channels: 1,
      pixels: values.map { UInt8(min(255, max(0, ($0 + noise * deviate()).rounded()))) })
  }

  private mutating func uniform(_ range: ClosedRange<Double>) -> Double {
    range.lowerBound + (range.upperBound - range.lowerBound) * Double(random.uniform())
  }

  /// Returns a random number with mean 0 and standard deviation 1: a sum of three uniform ones, scaled.
  private mutating func deviate() -> Double {
    2 * (Double(random.uniform()) + Double(random.uniform()) + Double(random.uniform()) - 1.5)
  }

  private mutating func pieces(of shape: GlyphShape) -> [GlyphPiece] {
    let half = Double(Self.side) / 2
    let turn = ExactTurn(degrees: uniform(-difficulty.rotation...difficulty.rotation))
    let scale = uniform(difficulty.scale) * half
    let stretch = uniform(-difficulty.stretch...difficulty.stretch)
    let shear = uniform(-difficulty.shear...difficulty.shear)
    let centre = GlyphPoint(
      half + uniform(-difficulty.shift...difficulty.shift),
      half + uniform(-difficulty.shift...difficulty.shift))
    var pieces: [GlyphPiece] = []
    for stroke in shape.strokes {
      let points = stroke.map { point in
        let x = (point.x + uniform(-difficulty.jitter...difficulty.jitter)) * (1 + stretch)
        let y = (point.y + uniform(-difficulty.jitter...difficulty.jitter)) * (1 - stretch)
        let slanted = x + shear * y
        return GlyphPoint(
          centre.x + scale * (turn.cosine * slanted - turn.sine * y),
          centre.y + scale * (turn.sine * slanted + turn.cosine * y))
      }
      for (start, end) in zip(points, points.dropFirst()) {
        pieces.append(GlyphPiece(start: start, end: end))
      }
    }
    return pieces
  }

  /// Draws strokes over the image, with edges that fade over one pixel.
  private static func draw(_ pieces: [GlyphPiece], width: Double, level: Double, into values: inout [Double])
  {
    let reach = width / 2 + 0.5
    for piece in pieces {
      let rows = band(piece.start.y, piece.end.y, reach)
      let columns = band(piece.start.x, piece.end.x, reach)
      for row in rows {
        for column in columns {
          let square = piece.squaredDistance(Double(column) + 0.5, Double(row) + 0.5)
          guard square < reach * reach else { continue }
          let share = min(1, reach - square.squareRoot())
          let position = row * side + column
          values[position] = max(values[position], values[position] + share * (level - values[position]))
        }
      }
    }
  }

  /// Returns the rows or columns that a piece may touch.
  private static func band(_ a: Double, _ b: Double, _ reach: Double) -> Range<Int> {
    let low = min(max(Int((min(a, b) - reach).rounded(.down)), 0), side)
    let high = min(max(Int((max(a, b) + reach).rounded(.up)), 0), side)
    return low..<max(low, high)
  }

  private mutating func addClutter(to values: inout [Double], _ background: Double) {
    for _ in 0..<random.below(difficulty.clutter + 1) {
      let turn = ExactTurn(degrees: uniform(-180...180))
      let length = uniform(difficulty.clutterLength)
      let start = GlyphPoint(uniform(0...Double(Self.side)), uniform(0...Double(Self.side)))
      let end = GlyphPoint(start.x + length * turn.cosine, start.y + length * turn.sine)
      let level = background + uniform(difficulty.contrast)
      Self.draw(
        [GlyphPiece(start: start, end: end)], width: uniform(difficulty.strokeWidth), level: level,
        into: &values)
    }
  }

  private mutating func cover(_ values: inout [Double], _ background: Double) {
    guard Double(random.uniform()) < difficulty.occlusionShare else { return }
    let sides = difficulty.occlusionSide
    let width = sides.lowerBound + random.below(sides.count)
    let height = sides.lowerBound + random.below(sides.count)
    let left = random.below(Self.side - width + 1)
    let top = random.below(Self.side - height + 1)
    for row in top..<top + height {
      for column in left..<left + width { values[row * Self.side + column] = background }
    }
  }
}

/// A straight piece of a stroke, in pixels.
struct GlyphPiece {
  var start: GlyphPoint
  var end: GlyphPoint

  /// Returns the squared distance of a point from the piece.
  func squaredDistance(_ x: Double, _ y: Double) -> Double {
    let (dx, dy) = (end.x - start.x, end.y - start.y)
    let (px, py) = (x - start.x, y - start.y)
    let length = dx * dx + dy * dy
    let along = length > 0 ? min(1, max(0, (px * dx + py * dy) / length)) : 0
    let (ex, ey) = (px - along * dx, py - along * dy)
    return ex * ex + ey * ey
  }
}
