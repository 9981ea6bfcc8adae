public import Metrics
public import Settings

/// What one epoch showed: a line of `MODEL.metrics.jsonl`.
public struct EpochMetrics: Sendable, Equatable {
  /// The number of the epoch, from 1.
  public var epoch: Int
  /// The mean training loss, of augmented images in training mode.
  public var loss: Double
  /// What the task is judged by.
  public var metric: MetricKind
  /// The metric of the training images meanwhile; `nil` where it is no mean over images.
  public var value: Double?
  /// The loss on the validation split; `nil` without one, or where the task has none.
  public var validationLoss: Double?
  /// The metric on the validation split; `nil` without one.
  public var validation: Double?
  /// The learning rate of the last step.
  public var rate: Float
  /// Weights, biases and norms that are not zero by construction: what pruning while training leaves.
  public var weights: Int
  /// Training images a second, validation apart.
  public var imagesPerSecond: Double
  /// What the training steps took.
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
