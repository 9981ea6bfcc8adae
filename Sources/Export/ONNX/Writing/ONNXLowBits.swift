public import Settings

/// How an ONNX file stores weights of at most 4 bits.
///
/// onnxruntime has no kernels for them: a `DequantizeLinear` that reads them makes floats, and the layer is computed in floats. Of
/// INT2 beside quantized values it makes `QLinearConv`, which does not take them, and refuses the file. Bytes that a `Cast` makes
/// of them it makes once, and then computes in integers as if they had been stored.
public enum ONNXLowBits: String, SettingChoice, Sendable {
  /// INT4 or INT2, of which a `Cast` makes bytes where the network's values are quantized.
  case packed
  /// INT4 or INT2, read by `DequantizeLinear`; 2 bits are stored as 4 where values are quantized.
  case direct
  /// A byte each.
  case bytes

  /// The type for integers of a width; `nil` where they have bytes.
  func type(ofBits bits: Int, isQuantized: Bool) -> ONNXTensorProto.DataType? {
    guard self != .bytes, bits <= 4 else { return nil }
    return bits > 2 || (self == .direct && isQuantized) ? .int4 : .int2
  }
}
