public import Foundation
public import Runs

/// How a trial trained: an entry an epoch, over all its stages.
public struct TrainingCurve: Sendable, Equatable {
  /// The trial's name and seed.
  public var name: String
  public var seed: UInt64
  /// The epochs in the order in which they were trained.
  public var epochs: [EpochRecord]

  /// Makes a curve.
  public init(name: String, seed: UInt64, epochs: [EpochRecord]) {
    self.name = name
    self.seed = seed
    self.epochs = epochs
  }

  /// Reads `metrics.jsonl`: what a killed training left unfinished at the end of a line is passed over.
  public init(name: String, seed: UInt64, metrics: Data) {
    self.init(name: name, seed: seed, epochs: EpochRecord.all(in: metrics))
  }
}
