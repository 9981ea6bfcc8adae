public import Settings

/// What is ranked against what.
public enum PruningScope: String, Sendable, SettingChoice {
  /// All layers of one sparsity together: some layers lose more than others.
  case global
  /// Each layer by itself, to the same share.
  case layer
}
