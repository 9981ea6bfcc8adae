public import Metrics

/// Who is told how a training goes.
public struct TrainingObserver {
  /// What is known after a step.
  public struct Step: Sendable {
    /// How far the training is.
    public var progress: TrainingProgress
    /// Steps of an epoch.
    public var stepsPerEpoch: Int
    /// Epochs in all.
    public var epochs: Int
    /// What the task is judged by.
    public var metric: MetricKind
  }

  /// Called after every step, on the training's thread.
  public var step: (Step) -> Void
  /// Called after every epoch, on the training's thread.
  public var epoch: (EpochMetrics) -> Void

  /// Makes an observer; by default nothing listens.
  public init(step: @escaping (Step) -> Void = { _ in }, epoch: @escaping (EpochMetrics) -> Void = { _ in }) {
    self.step = step
    self.epoch = epoch
  }
}
