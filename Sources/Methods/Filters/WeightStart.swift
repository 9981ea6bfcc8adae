public import Settings

/// How layers start that stand in the place of trained ones.
public enum DecompositionStart: String, SettingChoice, Sendable {
  /// From the trained weights, as near as the new shape allows.
  case decomposition
  /// From random numbers.
  case fresh
}

/// How the weights of a narrower network start.
public enum WidthStart: String, SettingChoice, Sendable {
  /// The channels with the largest weights are kept.
  case kept
  /// From random numbers.
  case fresh
}
