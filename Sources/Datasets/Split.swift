public import Settings

/// The three parts of a data set: what is learned from, what decisions look at, what is read once at the end.
public enum Split: String, SettingChoice, Sendable, Hashable {
  /// What is learned from.
  case train
  /// What every decision looks at: early stopping, thresholds, goals.
  case validation = "val"
  /// What is read once, for the final figure.
  case test

  /// The place in the order of the index: train, val, test.
  var order: Int {
    switch self {
    case .train: 0
    case .validation: 1
    case .test: 2
    }
  }
}

/// What the folder of validation images is for, where the data has no test images.
public enum ValFolder: String, SettingChoice, Sendable, Hashable {
  /// It is tested on, and a share of the training images becomes validation.
  case test
  /// It is validated on, and nothing is tested on.
  case validation = "val"
}
