/// A point on the plane.
struct GlyphPoint: Sendable {
  var x: Double
  var y: Double

  init(_ x: Double, _ y: Double) {
    self.x = x
    self.y = y
  }
}

/// One of the ten symbols: strokes of straight pieces within -1...1, with y downwards.
struct GlyphShape: Sendable {
  /// The class name.
  let name: String
  /// The strokes, each a chain of points.
  let strokes: [[GlyphPoint]]

  /// The ten symbols, sorted by name.
  static let all: [GlyphShape] = [
    GlyphShape("arrow", [(0, 1), (0, -1)], [(-0.6, -0.3), (0, -1), (0.6, -0.3)]),
    GlyphShape("bolt", [(0.35, -1), (-0.45, 0.1), (0.4, -0.05), (-0.35, 1)]),
    GlyphShape("circle", circle(radius: 0.85)),
    GlyphShape("cross", [(0, -1), (0, 1)], [(-0.75, -0.15), (0.75, -0.15)]),
    GlyphShape("fork", [(0, 1), (0, 0.05)], [(-0.7, -1), (0, 0.05), (0.7, -1)]),
    GlyphShape("hook", [(0.35, -1), (0.35, 0.45), (0.1, 0.9), (-0.35, 0.85), (-0.55, 0.4)]),
    GlyphShape("ladder", [(-0.55, -1), (-0.55, 1)], [(0.55, -1), (0.55, 1)], [(-0.55, 0), (0.55, 0)]),
    GlyphShape("square", [(-0.8, -0.8), (0.8, -0.8), (0.8, 0.8), (-0.8, 0.8), (-0.8, -0.8)]),
    GlyphShape("triangle", [(0, -0.95), (0.9, 0.75), (-0.9, 0.75), (0, -0.95)]),
    GlyphShape(
      "wave", [(-1, 0.1), (-0.75, -0.45), (-0.4, -0.45), (0, 0.1), (0.35, 0.55), (0.7, 0.5), (1, -0.1)]),
  ]

  private init(_ name: String, _ strokes: [(Double, Double)]...) {
    self.name = name
    self.strokes = strokes.map { $0.map { GlyphPoint($0.0, $0.1) } }
  }

  private static func circle(radius: Double) -> [(Double, Double)] {
    (0...12).map { step in
      let turn = ExactTurn(degrees: 30 * Double(step))
      return (radius * turn.cosine, radius * turn.sine)
    }
  }
}

/// The sine and cosine of an angle, from basic arithmetic alone, so that every machine gets the same bits.
struct ExactTurn {
  let sine: Double
  let cosine: Double

  /// Makes the rotation by an angle; accurate to 1e-12 within two full turns.
  init(degrees: Double) {
    let quarters = (degrees / 90).rounded()
    let x = (degrees - 90 * quarters) * (Double.pi / 180)
    let square = x * x
    var (sine, cosine, term) = (0.0, 0.0, 1.0)
    for n in 0..<9 {
      cosine += term
      sine += term * x / Double(2 * n + 1)
      term *= -square / Double((2 * n + 1) * (2 * n + 2))
    }
    switch ((Int(quarters) % 4) + 4) % 4 {
    case 0: (self.sine, self.cosine) = (sine, cosine)
    case 1: (self.sine, self.cosine) = (cosine, -sine)
    case 2: (self.sine, self.cosine) = (-sine, -cosine)
    default: (self.sine, self.cosine) = (-cosine, sine)
    }
  }
}
