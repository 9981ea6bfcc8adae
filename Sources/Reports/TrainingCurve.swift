public import Foundation
public import Runs

/// The training curve of a trial: one entry for each epoch of all its stages.
public struct TrainingCurve: Sendable, Equatable {
  /// The trial's name.
  public var name: String
  /// The trial's seed.
  public var seed: UInt64
  /// The epochs in the order of the training.
  public var epochs: [EpochRecord]

  /// Makes a curve.
  public init(name: String, seed: UInt64, epochs: [EpochRecord]) {
    self.name = name
    self.seed = seed
    self.epochs = epochs
  }

  /// Reads `metrics.jsonl`; skips an incomplete last line of a killed training.
  public init(name: String, seed: UInt64, metrics: Data) {
    self.init(name: name, seed: seed, epochs: EpochRecord.all(in: metrics))
  }
}
