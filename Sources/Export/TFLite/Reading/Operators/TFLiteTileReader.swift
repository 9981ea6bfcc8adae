/// Repeated rows or columns: an inserted axis of one element after theirs, repeated and joined.
///
/// Both in a row are images enlarged with nearest pixels.
enum TFLiteTileReader: TFLiteOperatorReader {
  static let types = ["TILE"]

  static func read(_ call: TFLiteCall, into network: inout TFLiteTranslation) throws(ONNXRefusal) {
    guard let output = call.outputs.first, let joined = network.soleReader(of: output),
      joined.type == "RESHAPE",
      let result = joined.outputs.first, try stretch(output, result, network) != nil
    else { throw .because("repeats of anything but each row or column of images") }
  }

  /// The result of a reshape of repeated pixels; `nil` for other reshapes.
  static func stretch(
    _ repeated: Int, _ result: Int, _ network: TFLiteTranslation
  ) throws(ONNXRefusal) -> TFLiteTranslation.Stretch? {
    guard let tile = network.soleSource(of: repeated, "TILE"), let factors = try network.integers(tile, 1),
      let wide = tile.input(0), let expanded = network.soleSource(of: wide, "EXPAND_DIMS"),
      let source = expanded.input(0), let axes = try network.integers(expanded, 1), axes.count == 1
    else { return nil }
    let shape = network.tensor(source).shape
    let axis = axes[0] < 0 ? axes[0] + 5 : axes[0]
    guard shape.count == 4, (2...3).contains(axis), factors.count == 5, (1...64).contains(factors[axis]),
      factors.indices.allSatisfy({ $0 == axis || factors[$0] == 1 })
    else { return nil }
    var extents = shape
    extents[axis - 1] *= factors[axis]
    // Extents that were unknown when the file was written are one.
    let result = network.tensor(result).shape
    guard result.count == 4, zip(result, extents).allSatisfy({ $0 == $1 || $0 == 1 }) else { return nil }
    return .init(source: source, axis: axis - 1, factor: factors[axis])
  }

  /// Reads the reshape: after the first axis it only records the repetition, after both it enlarges the
  /// image.
  static func read(
    _ stretch: TFLiteTranslation.Stretch, _ call: TFLiteCall, _ network: inout TFLiteTranslation
  ) throws(ONNXRefusal) {
    guard let output = call.outputs.first else { return }
    guard let first = network.stretch(stretch.source) else { return network.setStretch(output, stretch) }
    guard first.axis != stretch.axis, first.factor == stretch.factor else {
      throw .because(
        "rows repeated \(first.factor) times and columns \(stretch.factor) times, expected as often")
    }
    let images = network.turned(try network.value(of: first.source), [0, 3, 1, 2], for: call)
    try network.append(
      "Resize", [images],
      [
        .floats("scales", [1, 1, Float(first.factor), Float(first.factor)]),
        .string("mode", "nearest"), .string("nearest_mode", "floor"),
        .string("coordinate_transformation_mode", "asymmetric"),
      ], for: call, areImages: true)
  }
}
