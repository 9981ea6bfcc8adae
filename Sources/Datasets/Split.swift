public import Settings

/// The three parts of a data set: what is learned from, what decisions look at, what is read once at the end.
public enum Split: String, SettingChoice, Sendable, Hashable {
  /// What is learned from.
  case train
  /// What every decision looks at: early stopping, thresholds, goals.
  case validation = "val"
  /// What is read once, for the final figure.
  case test

  /// The split that a folder's name stands for, in any case; `nil` for any other name.
  init?(folder name: Substring) {
    switch name.lowercased() {
    case "train", "training": self = .train
    case "val", "valid", "validation": self = .validation
    case "test", "testing": self = .test
    default: return nil
    }
  }

  /// The place in the order of the index: train, val, test.
  var order: Int {
    switch self {
    case .train: 0
    case .validation: 1
    case .test: 2
    }
  }
}
