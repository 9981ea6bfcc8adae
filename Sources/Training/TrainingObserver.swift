public import Metrics

/// Closures that are called while a training runs.
public struct TrainingObserver {
  /// The facts that are known after a step.
  public struct Step: Sendable {
    /// The progress of the training.
    public var progress: TrainingProgress
    /// Steps of an epoch.
    public var stepsPerEpoch: Int
    /// Epochs in all.
    public var epochs: Int
    /// The metric by which the task is judged.
    public var metric: MetricKind
  }

  /// The closure that is called after every step, on the training's thread.
  public var step: (Step) -> Void
  /// The closure that is called after every epoch, on the training's thread.
  public var epoch: (EpochMetrics) -> Void

  /// Makes an observer; by default nothing listens.
  public init(step: @escaping (Step) -> Void = { _ in }, epoch: @escaping (EpochMetrics) -> Void = { _ in }) {
    self.step = step
    self.epoch = epoch
  }
}
