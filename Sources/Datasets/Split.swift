public import Settings

/// The three parts of a data set: for training, for decisions during training, and for the final figure.
public enum Split: String, SettingChoice, Sendable, Hashable {
  /// The images that networks are trained on.
  case train
  /// The images that decisions are based on: early stopping, thresholds, goals.
  case validation = "val"
  /// The images that are read once, for the final figure.
  case test

  /// The position in the order of records: train, val, test.
  var order: Int {
    switch self {
    case .train: 0
    case .validation: 1
    case .test: 2
    }
  }
}

/// The use of the folder of validation images in data that has no test images.
public enum ValFolder: String, SettingChoice, Sendable, Hashable {
  /// Its images are tested on, and a share of the training images becomes validation.
  case test
  /// Its images are validated on, and there are no test images.
  case validation = "val"
}
