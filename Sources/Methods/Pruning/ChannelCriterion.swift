public import Settings

/// What says how much a channel matters.
public enum ChannelCriterion: String, Sendable, SettingChoice {
  /// The absolute weights of the filters that make it.
  case l1
  /// The first-order change of the loss without it.
  case taylor
  /// Chance: the control.
  case random

  /// What computes it.
  var scorer: any ChannelScorer {
    switch self {
    case .l1: L1ChannelScorer()
    case .taylor: TaylorChannelScorer()
    case .random: RandomChannelScorer()
    }
  }
}
