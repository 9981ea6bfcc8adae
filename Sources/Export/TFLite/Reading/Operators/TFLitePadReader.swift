/// Images with numbers around them: zeros, or the least number before a maximum.
enum TFLitePadReader: TFLiteOperatorReader {
  static let types = ["PAD", "PADV2"]

  /// The bound below which a float counts as the least number.
  private static let least: Float = -3e38

  static func read(_ call: TFLiteCall, into network: inout TFLiteTranslation) throws(ONNXRefusal) {
    let pads = try sides(of: call, network)
    var inputs = [try network.value(call, 0), network.store(integers: pads)]
    if call.type == "PADV2" { inputs.append(try network.value(call, 2)) }
    try network.append("Pad", inputs, for: call, isMoving: true)
  }

  /// The padding before each axis, then that after each axis.
  private static func sides(
    of call: TFLiteCall, _ network: TFLiteTranslation
  ) throws(ONNXRefusal) -> [Int] {
    let sides = try network.requiredIntegers(call, 1, "paddings")
    guard sides.count.isMultiple(of: 2), sides.count <= 16 else {
      throw .because("paddings of \(sides.count) numbers, expected two an axis")
    }
    let axes = sides.indices.filter { $0.isMultiple(of: 2) }
    return axes.map { sides[$0] } + axes.map { sides[$0 + 1] }
  }

  /// The padding of an image by the least number; `nil` for other padding.
  static func leastSides(
    _ call: TFLiteCall, _ network: inout TFLiteTranslation
  ) throws(ONNXRefusal) -> [Int]? {
    let sides = try sides(of: call, network)
    guard sides.count == 8, sides[0] == 0, sides[3] == 0, sides[4] == 0, sides[7] == 0,
      let value = call.input(2), network.isConstant(value)
    else { return nil }
    if let number = try network.number(call, 2) { return number <= least ? sides : nil }
    let tensor = network.tensor(value)
    // Converters use one integer less of 16 bits.
    let lowest: [TFLiteElementType: [[UInt8]]] = [
      .int8: [[0x80]], .uint8: [[0]], .int16: [[0, 0x80], [1, 0x80]],
    ]
    guard let type = tensor.type, lowest[type]?.contains(Array(tensor.bytes)) == true,
      let padded = call.outputs.first, let grid = tensor.grid, network.tensor(padded).grid == grid
    else { return nil }
    return sides
  }
}
