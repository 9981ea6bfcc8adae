import Foundation
public import Settings

/// The schedule by which the share that is pruned grows during a stage.
public enum PruningSchedule: String, Sendable, SettingChoice {
  /// All at the first step, before the stage's training.
  case once
  /// Fast at first, slowly at the end (Zhu, Gupta, "To prune, or not to prune", 2017, arXiv:1710.01878).
  case cubic
  /// Equal shares of the original units.
  case linear
  /// Equal shares of the remaining units: prune, train, repeat.
  ///
  /// **Paper**: Han, Pool, Tran, Dally, "Learning both weights and connections for efficient neural
  /// networks", 2015, arXiv:1506.02626.
  case geometric
  /// All at the last of the points.
  case last

  /// The share of the way from the first limit to the last: 1, `1 - (1 - progress)³`, or the progress itself.
  ///
  /// A limit is not a share of anything, so a geometric schedule moves it as a linear one does.
  func share(at progress: Double) -> Double {
    let progress = min(max(progress, 0), 1)
    switch self {
    case .once: return 1
    case .cubic: return 1 - (1 - progress) * (1 - progress) * (1 - progress)
    case .linear, .geometric: return progress
    case .last: return progress < 1 ? 0 : 1
    }
  }

  /// The sparsity between a first and a last one (0..<1).
  func sparsity(from first: Double, to last: Double, at progress: Double) -> Double {
    guard self == .geometric else { return first + (last - first) * share(at: progress) }
    guard progress < 1 else { return last }
    return 1 - (1 - first) * pow((1 - last) / (1 - first), share(at: progress))
  }
}
