public import Settings

/// Where exported C keeps only weights that are not zero, with the distances between them, and multiplies only these.
public enum CSparse: String, SettingChoice, Sendable {
  /// Where weights may be zero and that takes fewer bytes.
  case auto
  /// Nowhere: zeros are stored and multiplied.
  case never
  /// Wherever there are kernels for it: in all layers of weights but depthwise ones of integers, float networks' weights of eight bits
  /// or fewer, and rows of more than 65,535 survivors.
  case always
}
