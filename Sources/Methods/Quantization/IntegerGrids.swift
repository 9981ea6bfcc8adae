import Settings

/// How fine the grids of weights and values are and how they are found: the settings that the methods of integers share.
public struct IntegerGrids: Sendable, Equatable {
  /// Bits of weights.
  public var bits = 8
  /// Bits of values.
  public var activationBits = 8
  /// How ranges are chosen.
  public var calibration = CalibrationRule.mse
  /// The share of numbers between the bounds, in percent, where the rule is `percentile`.
  public var percentile = 99.99
  /// Calibration images at least.
  public var images = 512
  /// Whether every output channel has a scale of its own.
  public var perChannel = true
  /// Whether values have the zero point 0, as some accelerators demand.
  public var symmetric = false

  /// Signed bytes for all.
  public init() {}

  /// The share of a 32-bit weight that is saved.
  public var savedShare: Double {
    get { 1 - Double(bits) / 32 }
    set { bits = min(max(Int((32 * (1 - newValue)).rounded(.down)), 2), 16) }
  }

  /// The settings as those of a method that has grids.
  static func settings<Owner>(_ path: WritableKeyPath<Owner, IntegerGrids>) -> [Setting<Owner>] {
    [
      Setting("bits", path.appending(path: \.bits), in: 2...16, "bits of weights; biases have 32"),
      Setting(
        "activationBits", path.appending(path: \.activationBits), in: 2...16, "bits of values between layers"),
      Setting("calibration", path.appending(path: \.calibration), "how ranges are chosen"),
      Setting(
        "percentile", path.appending(path: \.percentile), in: 50...100,
        "share of numbers between the bounds, in percent, for calibration: percentile"),
      Setting(
        "images", path.appending(path: \.images), in: 1...1_000_000,
        "training images to calibrate on, at least"),
      Setting(
        "perChannel", path.appending(path: \.perChannel),
        "whether every output channel has a scale of its own"),
      Setting(
        "symmetric", path.appending(path: \.symmetric),
        "whether values have the zero point 0; those that are never negative then lose a bit"
      ).omittedAsDefault(),
    ]
  }
}
