public import Settings

/// How the share that is pruned grows during a stage.
public enum PruningSchedule: String, Sendable, SettingChoice {
  /// All of it before the stage's training.
  case once
  /// Fast at first, slowly at the end (Zhu, Gupta, "To prune, or not to prune", 2017, arXiv:1710.01878).
  case cubic

  /// How much of the way from the first to the last sparsity is gone: 1, or `1 - (1 - progress)³`.
  func share(at progress: Double) -> Double {
    switch self {
    case .once: return 1
    case .cubic:
      let rest = 1 - min(max(progress, 0), 1)
      return 1 - rest * rest * rest
    }
  }
}
