/// Values that are quantized, requantized or dequantized.
enum TFLiteGridReader: TFLiteOperatorReader {
  static let types = ["QUANTIZE", "DEQUANTIZE"]

  static func read(_ call: TFLiteCall, into network: inout TFLiteTranslation) throws(ONNXRefusal) {
    let input = try network.value(call, 0)
    guard call.type == "QUANTIZE", !network.isJoined(call) else { return network.handOn(input, for: call) }
    guard let output = call.outputs.first, let grid = try network.grid(of: output) else {
      throw .because("to a type that is not read")
    }
    if let place = call.input(0), network.soleSource(of: place, "LOG_SOFTMAX") != nil {
      // The scores are taken before it, and they have their own integers.
      return network.handOn(input, for: call)
    }
    guard let source = try network.grid(of: try call.requiredInput(0)), !source.isEqual(to: grid) else {
      return try network.set(call, 0, input, isMoving: true)
    }
    // Other integers for the same numbers are a clamp to the ends of their grid.
    let ends = grid.ends
    let clamped = network.emitOwn(
      ONNXNode.regridded, [input], [.float("min", ends.lowerBound), .float("max", ends.upperBound)], for: call
    )
    try network.set(call, 0, clamped)
  }
}

extension TFLiteGrids.Value {
  /// The zero point and the range as signed integers.
  private var signed: (zero: Int, range: ClosedRange<Int>) {
    switch type {
    case .uint8: (Int(zeroPoint) - 128, -128...127)
    case .int16: (Int(zeroPoint), -32_768...32_767)
    default: (Int(zeroPoint), -128...127)
    }
  }

  /// True if both grids represent the same numbers.
  func isEqual(to other: TFLiteGrids.Value) -> Bool {
    scale == other.scale && signed.zero == other.signed.zero && signed.range == other.signed.range
  }

  /// The least and the greatest number.
  var ends: ClosedRange<Float> {
    let (zero, range) = signed
    return Float(range.lowerBound - zero) * scale...Float(range.upperBound - zero) * scale
  }
}
