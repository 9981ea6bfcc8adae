public import Foundation

/// How a trial trained: an entry an epoch, over all its stages.
public struct TrainingCurve: Sendable, Equatable, Codable {
  /// One epoch: a line of `metrics.jsonl`.
  public struct Epoch: Sendable, Equatable, Codable {
    /// The number within its stage, from 1.
    public var epoch: Int
    /// The stage's name; `nil` where the trial has one stage.
    public var stage: String?
    /// The mean training loss.
    public var loss: Double?
    /// The training accuracy, 0…1.
    public var top1: Double?
    /// The loss on validation images.
    public var validationLoss: Double?
    /// The accuracy on validation images, 0…1.
    public var validationTop1: Double?

    /// Makes an entry.
    public init(
      epoch: Int, stage: String? = nil, loss: Double?, top1: Double?, validationLoss: Double?,
      validationTop1: Double?
    ) {
      self.epoch = epoch
      self.stage = stage
      self.loss = loss
      self.top1 = top1
      self.validationLoss = validationLoss
      self.validationTop1 = validationTop1
    }
  }

  /// The trial's name and seed.
  public var name: String
  public var seed: UInt64
  /// The epochs in the order in which they were trained.
  public var epochs: [Epoch]

  /// Makes a curve.
  public init(name: String, seed: UInt64, epochs: [Epoch]) {
    self.name = name
    self.seed = seed
    self.epochs = epochs
  }

  /// Reads `metrics.jsonl`: what a killed training left unfinished at the end of a line is passed over.
  public init(name: String, seed: UInt64, metrics: Data) {
    let decoder = JSONDecoder()
    let epochs = metrics.split(separator: UInt8(ascii: "\n")).compactMap { line in
      try? decoder.decode(Epoch.self, from: Data(line))
    }
    self.init(name: name, seed: seed, epochs: epochs)
  }
}
