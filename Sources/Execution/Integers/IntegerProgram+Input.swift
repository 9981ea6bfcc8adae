import Encodings
public import Graphs

extension IntegerProgram.Value {
  /// The encoding of the value.
  var encoding: IntegerValue {
    let bits = Int32.bitWidth - (bounds.upperBound - bounds.lowerBound).leadingZeroBitCount
    return IntegerValue(bits: bits, scale: scale, zeroPoint: Int(zeroPoint))
  }

  /// The integer for a real number, rounded as in simulation: `round(x / scale)` in 32-bit floats, half to
  /// even.
  public func integer(_ number: Float) -> Int8 { Int8(encoding.integer(number)) }

  /// The number for an integer: `scale · (q - zeroPoint)`.
  public func number(_ integer: Int8) -> Float { encoding.value(Int(integer)) }
}

extension IntegerProgram {
  /// The input integer of each of the 256 pixel values, for each channel of the image.
  ///
  /// It is `integer((pixel - mean) / deviation)`, as the loader normalizes.
  public func pixelTables(_ input: InputDescription) -> [[Int8]] {
    let value = values[inputs[0]]
    return zip(input.mean, input.deviation).map { mean, deviation in
      (0..<256).map { value.integer((Float($0) - mean) / deviation) }
    }
  }
}
