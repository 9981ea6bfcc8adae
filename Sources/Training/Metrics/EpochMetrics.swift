public import Metrics
public import Settings

/// The metrics of one epoch: a line of `MODEL.metrics.jsonl`.
public struct EpochMetrics: Sendable, Equatable {
  /// The number of the epoch, from 1.
  public var epoch: Int
  /// The mean training loss, of augmented images in training mode.
  public var loss: Double
  /// The metric by which the task is judged.
  public var metric: MetricKind
  /// The metric of the training images during the epoch; `nil` if it is no mean over images.
  public var value: Double?
  /// The loss on the validation split; `nil` without one, or if the task has none.
  public var validationLoss: Double?
  /// The metric on the validation split; `nil` without one.
  public var validation: Double?
  /// The learning rate of the last step.
  public var rate: Float
  /// Weights, biases and norms that are not zero by construction: those that pruning while training leaves.
  public var weights: Int
  /// Training images a second, without validation.
  public var imagesPerSecond: Double
  /// Seconds that the training steps took.
  public var seconds: Double

  /// The epoch as a mapping, in which the metric's own keys name its figures.
  public var node: SettingsNode {
    SettingsNode(mapping: [
      "epoch": epoch.node, "loss": loss.node, metric.key: value.node, "validationLoss": validationLoss.node,
      metric.validationKey: validation.node, "rate": rate.node, "weights": weights.node,
      "imagesPerSecond": imagesPerSecond.node, "seconds": seconds.node,
    ])
  }
}
