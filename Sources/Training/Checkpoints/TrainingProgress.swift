import Metrics
import Settings

/// The progress of a training: with weights and moments enough to go on as if it had never stopped.
public struct TrainingProgress: Sendable, Equatable {
  /// Epochs that are complete.
  public var epoch = 0
  /// Steps done of the epoch after those.
  public var step = 0
  /// Updates done in all.
  public var updates = 0
  /// True if training ended early because validation no longer improved.
  public var isStoppedEarly = false
  /// The best epoch on validation, if early stopping is on.
  public var best: Best?
  /// Times that the network has been rewritten.
  public var rewrites = 0
  /// The sums of the present epoch.
  public var sums = Sums()

  /// The epoch of the best metric on validation images; between equals the lower loss decides.
  public struct Best: Sendable, Equatable {
    /// The number of the epoch, from 1.
    public var epoch: Int
    /// The metric on validation images.
    public var value: Double
    /// The loss on validation images; `nil` if the task has none.
    public var loss: Double?

    /// True if a later epoch did better.
    func isBeaten(by other: Best, on metric: MetricKind) -> Bool {
      if other.value != value { return metric.isBetter(other.value, than: value) }
      guard let loss, let lower = other.loss else { return false }
      return lower < loss
    }
  }

  /// The sums of an epoch's training metrics.
  public struct Sums: Sendable, Equatable {
    /// The sum of the images' losses.
    public var loss = 0.0
    /// The sum of the images' contributions to the metric; `nil` if it is no mean over images.
    public var metric: Double?
    /// Images that were seen.
    public var images = 0
    /// Seconds that the steps took.
    public var seconds = 0.0
    /// The learning rate of the last step.
    public var rate: Float = 0
  }

  /// The start of a training.
  public init() {}
}

extension TrainingProgress {
  /// The progress as a mapping.
  var node: SettingsNode {
    SettingsNode(mapping: [
      "epoch": epoch.node, "step": step.node, "updates": updates.node, "isStoppedEarly": isStoppedEarly.node,
      "best": best.map {
        SettingsNode(mapping: ["epoch": $0.epoch.node, "value": $0.value.node, "loss": $0.loss.node])
      } ?? SettingsNode(.null),
      "loss": sums.loss.node, "metric": sums.metric.node, "images": sums.images.node,
      "seconds": sums.seconds.node, "rate": sums.rate.node, "rewrites": rewrites.node,
    ])
  }

  /// Reads the mapping that `node` returns; throws for negative numbers.
  init(from node: SettingsNode) throws(SettingsError) {
    func value<V: SettingValue>(_ key: String, of node: SettingsNode) throws(SettingsError) -> V {
      try V(reading: node[key] ?? SettingsNode(.null, mark: node.mark), key: key)
    }
    func optional(_ key: String, of node: SettingsNode) throws(SettingsError) -> Double? {
      node[key]?.content == .null ? nil : try value(key, of: node) as Double
    }
    epoch = try value("epoch", of: node)
    step = try value("step", of: node)
    updates = try value("updates", of: node)
    isStoppedEarly = try value("isStoppedEarly", of: node)
    if let stored = node["best"], stored.content != .null {
      best = Best(
        epoch: try value("epoch", of: stored), value: try value("value", of: stored),
        loss: try optional("loss", of: stored))
    }
    sums = Sums(
      loss: try value("loss", of: node), metric: try optional("metric", of: node),
      images: try value("images", of: node), seconds: try value("seconds", of: node),
      rate: try value("rate", of: node))
    if node["rewrites"] != nil { rewrites = try value("rewrites", of: node) }
    guard rewrites >= 0, epoch >= 0, step >= 0, updates >= 0 else {
      throw .invalid(node.mark, key: "epoch", reason: "a training cannot have done less than nothing")
    }
  }
}
