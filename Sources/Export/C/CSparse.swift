public import Settings

/// The layers of which exported C stores and multiplies only non-zero weights, with the distances between
/// them.
public enum CSparse: String, SettingChoice, Sendable {
  /// Layers whose weights may be zero, where that takes fewer bytes.
  case auto
  /// No layers: zeros are stored and multiplied.
  case never
  /// All layers that have kernels for it.
  ///
  /// There are none for depthwise layers of integers, for floats in encodings of more than 8 bits, and for
  /// rows of more than 65,535 non-zero weights.
  case always
}
