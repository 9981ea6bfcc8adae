/// How hard the glyphs are to tell apart: every number of the drawing that is not a shape.
///
/// Chosen so that a linear model stays under 90 % and that mlp, lenet5 and a lenet5 of a quarter of the width differ.
struct GlyphDifficulty: Sendable {
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
}
