/// How hard the glyphs are to tell apart: every number of the drawing that is not a shape.
///
/// A level of 0 leaves a linear model under 90 % and networks of any size close together. At 1 shapes are turned, scaled and
/// bent far more, while less of them is noise: that takes filters to learn, so large networks keep their accuracy and small
/// ones lose it. Levels between are as far between in every number.
struct GlyphDifficulty: Equatable, Sendable {
  /// Largest turn either way, in degrees.
  var rotation = 17.0
  /// Range of the half extent, as a share of half the image.
  var scale = 0.52...0.8
  /// Largest relative difference between width and height.
  var stretch = 0.19
  /// Largest shear.
  var shear = 0.18
  /// Largest shift of the centre, in pixels.
  var shift = 2.5
  /// Range of the stroke's width, in pixels.
  var strokeWidth = 1.3...3.2
  /// Largest displacement of each point of a stroke, as a share of the half extent.
  var jitter = 0.085
  /// Range of the stroke's brightness above the background.
  var contrast = 100.0...200.0
  /// Range of the background's brightness.
  var background = 0.0...40.0
  /// The most stray strokes.
  var clutter = 2
  /// Range of a stray stroke's length, in pixels.
  var clutterLength = 3.0...8.0
  /// Largest amplitude of the noise (its standard deviation, in grey levels).
  var noise = 18.0
  /// How often a part is covered.
  var occlusionShare = 0.4
  /// Range of the cover's side, in pixels.
  var occlusionSide = 4...8

  /// The drawing at level 0.
  static let mild = GlyphDifficulty()

  /// The drawing at level 1.
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

  /// The drawing at a level of 0…1.
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
