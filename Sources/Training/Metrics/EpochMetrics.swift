public import Settings

/// What one epoch showed: a line of `MODEL.metrics.jsonl`.
public struct EpochMetrics: Sendable, Equatable {
  /// The number of the epoch, from 1.
  public var epoch: Int
  /// The mean training loss, of augmented images in training mode.
  public var loss: Double
  /// The share of training images whose own class had the largest logit meanwhile.
  public var top1: Double
  /// The loss on the validation split; `nil` without one.
  public var validationLoss: Double?
  /// The accuracy on the validation split; `nil` without one.
  public var validationTop1: Double?
  /// The learning rate of the last step.
  public var rate: Float
  /// Training images a second, validation apart.
  public var imagesPerSecond: Double
  /// What the training steps took.
  public var seconds: Double

  /// The epoch as a mapping.
  public var node: SettingsNode {
    SettingsNode(mapping: [
      "epoch": epoch.node, "loss": loss.node, "top1": top1.node, "validationLoss": validationLoss.node,
      "validationTop1": validationTop1.node, "rate": rate.node, "imagesPerSecond": imagesPerSecond.node,
      "seconds": seconds.node,
    ])
  }
}
