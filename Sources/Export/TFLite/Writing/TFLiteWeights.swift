public import Settings

/// The storage of weights of at most 4 bits of integer layers in a TensorFlow Lite file.
public enum TFLiteLowBits: String, SettingChoice, Sendable {
  /// One byte each, which every kernel takes.
  case bytes
  /// INT4, two in a byte.
  ///
  /// LiteRT runs them in its plain kernels, not in those of XNNPACK; TFLite Micro unpacks a layer's weights
  /// before it runs.
  case packed
}

/// The use of TFLite Micro's operator DECODE for the weights of a TensorFlow Lite file.
public enum TFLiteDecoding: String, SettingChoice, Sendable {
  /// Weights are written in full.
  case never
  /// Each tensor is written in the smallest form: indices into a table, codes, a mask and its elements, or in
  /// full.
  ///
  /// Only TFLite Micro runs such a file.
  case smallest
}
