public import Settings

/// The start of layers that replace trained ones.
public enum DecompositionStart: String, SettingChoice, Sendable {
  /// From the trained weights, as near as the new shape allows.
  case decomposition
  /// From random numbers.
  case fresh
}

/// The start of the weights of a narrower network.
public enum WidthStart: String, SettingChoice, Sendable {
  /// The old weights of the channels that stay.
  case kept
  /// From random numbers.
  case fresh
}
