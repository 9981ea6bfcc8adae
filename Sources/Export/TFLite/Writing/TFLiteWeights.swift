public import Settings

/// How a TensorFlow Lite file stores the weights of integer layers that have at most 4 bits.
public enum TFLiteLowBits: String, SettingChoice, Sendable {
  /// A byte each, which every kernel takes.
  case bytes
  /// INT4, two to a byte. LiteRT runs them in its plain kernels, not in XNNPACK's; TFLite Micro unpacks a layer's before it runs.
  case packed
}

/// Whether a TensorFlow Lite file holds weights in the forms of TFLite Micro's operator DECODE.
public enum TFLiteDecoding: String, SettingChoice, Sendable {
  /// Written out.
  case never
  /// Each tensor in the form that takes the fewest bytes: indices into a table, codes, a mask and the rest, or written out. Only
  /// TFLite Micro runs such a file.
  case smallest
}
