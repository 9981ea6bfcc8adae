public import Settings

/// The storage of weights of at most 4 bits in an ONNX file.
///
/// onnxruntime has no kernels for them: if `DequantizeLinear` reads them, the layer is computed in floats.
/// From INT2 beside quantized values it makes a `QLinearConv`, which does not accept them, and then refuses
/// the file. Bytes from a `Cast` are made once, and the layer is then computed in integers as if bytes had
/// been stored.
public enum ONNXLowBits: String, SettingChoice, Sendable {
  /// INT4 or INT2, with a `Cast` to bytes where the network's values are quantized.
  case packed
  /// INT4 or INT2, read by `DequantizeLinear`; 2 bits are stored as 4 where values are quantized.
  case direct
  /// One byte each.
  case bytes

  /// The element type for integers of a width; `nil` for bytes.
  func type(ofBits bits: Int, isQuantized: Bool) -> ONNXTensorProto.DataType? {
    guard self != .bytes, bits <= 4 else { return nil }
    return bits > 2 || (self == .direct && isQuantized) ? .int4 : .int2
  }
}
