public import Foundation
public import Metrics

/// The figures of one epoch of a trial.
///
/// It is one line of the trial's `metrics.jsonl`, where the metric's own keys name its figures.
public struct EpochRecord: Sendable, Equatable {
  /// The file's name in a trial's directory.
  public static let fileName = "metrics.jsonl"

  /// The number of the epoch in its stage, from 1.
  public var epoch: Int
  /// The stage's name; `nil` where the trial has one stage.
  public var stage: String?
  /// The mean training loss.
  public var loss: Double?
  /// The metric of the training; `nil` for epochs from the ledger, which does not store it.
  public var metric: MetricKind?
  /// The metric on training images, 0…1.
  public var value: Double?
  /// The loss on validation images.
  public var validationLoss: Double?
  /// The metric on validation images, 0…1.
  public var validation: Double?
  /// The number of weights that are not zero; `nil` in logs of older versions.
  public var weights: Int?
  /// The learning rate of the last step; `nil` for epochs from the ledger.
  public var rate: Double?

  /// Makes a record of an epoch.
  public init(
    epoch: Int, stage: String? = nil, loss: Double?, metric: MetricKind? = nil, value: Double?,
    validationLoss: Double?, validation: Double?, weights: Int? = nil, rate: Double? = nil
  ) {
    self.epoch = epoch
    self.stage = stage
    self.loss = loss
    self.metric = metric
    self.value = value
    self.validationLoss = validationLoss
    self.validation = validation
    self.weights = weights
    self.rate = rate
  }

  /// The epochs of a log; skips a line that is no epoch, such as the half line of a killed process.
  public static func all(in log: Data) -> [EpochRecord] {
    let decoder = JSONDecoder()
    return log.split(separator: UInt8(ascii: "\n")).compactMap {
      try? decoder.decode(Line.self, from: Data($0)).record
    }
  }

  /// The epochs of a log file; none if it cannot be read.
  public static func read(_ path: String) -> [EpochRecord] {
    guard let data = try? RunFile.read(path) else { return [] }
    return all(in: data)
  }
}

/// A line of the log; the metric is recognized by its keys.
private struct Line: Decodable {
  let record: EpochRecord

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(_ name: String) { stringValue = name }
    init(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
  }

  init(from decoder: any Decoder) throws {
    let line = try decoder.container(keyedBy: Key.self)
    func number(_ name: String) throws -> Double? {
      try line.decodeIfPresent(Double.self, forKey: Key(name))
    }
    let metric = MetricKind.all.first {
      line.contains(Key($0.key)) || line.contains(Key($0.validationKey))
    }
    record = EpochRecord(
      epoch: try line.decode(Int.self, forKey: Key("epoch")),
      stage: try line.decodeIfPresent(String.self, forKey: Key("stage")),
      loss: try number("loss"), metric: metric, value: try metric.flatMap { try number($0.key) },
      validationLoss: try number("validationLoss"),
      validation: try metric.flatMap { try number($0.validationKey) },
      weights: try line.decodeIfPresent(Int.self, forKey: Key("weights")), rate: try number("rate"))
  }
}
