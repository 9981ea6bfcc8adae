/// The difficulty of the glyphs: every parameter of the drawing except the shapes.
///
/// At level 0 a linear model stays under 90 %, and networks of any size come close together. At level 1
/// shapes are rotated, scaled and bent far more, with less noise. That takes filters to learn: large networks
/// keep their accuracy and small ones lose it. Levels in between interpolate every parameter linearly.
struct GlyphDifficulty: Equatable, Sendable {
  /// The largest rotation either way, in degrees.
  var rotation = 17.0
  /// The range of the glyph's half extent, as a share of half the image.
  var scale = 0.52...0.8
  /// The largest relative difference between width and height.
  var stretch = 0.19
  /// The largest shear.
  var shear = 0.18
  /// The largest shift of the centre, in pixels.
  var shift = 2.5
  /// The range of the stroke's width, in pixels.
  var strokeWidth = 1.3...3.2
  /// The largest displacement of each point of a stroke, as a share of the half extent.
  var jitter = 0.085
  /// The range of the stroke's brightness above the background, in grey levels.
  var contrast = 100.0...200.0
  /// The range of the background's brightness, in grey levels.
  var background = 0.0...40.0
  /// The most stray strokes.
  var clutter = 2
  /// The range of a stray stroke's length, in pixels.
  var clutterLength = 3.0...8.0
  /// The largest standard deviation of the noise, in grey levels.
  var noise = 18.0
  /// The probability that a part is covered.
  var occlusionShare = 0.4
  /// The range of the cover's sides, in pixels.
  var occlusionSide = 4...8

  /// The parameters at level 0.
  static let mild = GlyphDifficulty()

  /// The parameters at level 1.
  static let hard = {
    var hard = GlyphDifficulty()
    hard.rotation = 30
    hard.scale = 0.42...0.85
    hard.stretch = 0.25
    hard.shear = 0.25
    hard.shift = 3.5
    hard.strokeWidth = 1.5...3.2
    hard.jitter = 0.06
    hard.contrast = 110.0...200.0
    hard.noise = 8
    hard.clutter = 1
    hard.occlusionShare = 0
    return hard
  }()

  /// Returns the parameters at a level of 0...1, interpolated between `mild` and `hard`.
  static func level(_ level: Double) -> GlyphDifficulty {
    precondition((0...1).contains(level), "the level is \(level)")
    func between(_ path: KeyPath<GlyphDifficulty, Double>) -> Double {
      mild[keyPath: path] * (1 - level) + hard[keyPath: path] * level
    }
    var drawing = mild
    drawing.rotation = between(\.rotation)
    drawing.scale = between(\.scale.lowerBound)...between(\.scale.upperBound)
    drawing.stretch = between(\.stretch)
    drawing.shear = between(\.shear)
    drawing.shift = between(\.shift)
    drawing.strokeWidth = between(\.strokeWidth.lowerBound)...between(\.strokeWidth.upperBound)
    drawing.jitter = between(\.jitter)
    drawing.contrast = between(\.contrast.lowerBound)...between(\.contrast.upperBound)
    drawing.noise = between(\.noise)
    drawing.occlusionShare = between(\.occlusionShare)
    drawing.clutter = Int((Double(mild.clutter) * (1 - level) + Double(hard.clutter) * level).rounded(.up))
    return drawing
  }
}
