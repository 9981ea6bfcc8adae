public import Execution
public import Graphs
public import Settings
public import Tasks

extension Trainer {
  /// What is trained, and how.
  public struct Setup {
    /// What the network is asked.
    public var task: any ImageTask
    /// The network with its first weights.
    public var graph: Graph
    /// What computes.
    public var backend: any Backend
    /// The recipe.
    public var settings: TrainingSettings
    /// The seed of what random ops draw.
    public var seed: UInt64
    /// Compute threads.
    public var threads: Int
    /// The arithmetic.
    public var precision: Precision
    /// What the training is begun with, as checkpoints keep it.
    public var identity: SettingsNode
    /// How often a checkpoint is written between epochs.
    public var checkpointInterval: Duration
    /// What is minimized.
    public var objective: any Distiller
    /// What the objective learns from besides the labels.
    public var teacher: TeacherOutputs?
    /// What compresses the network during the training.
    public var rewriter: (any GraphRewriter)?

    /// Makes a setup.
    public init(
      task: any ImageTask, graph: Graph, backend: any Backend, settings: TrainingSettings, seed: UInt64 = 0,
      threads: Int = 1,
      precision: Precision = .f32, identity: SettingsNode = SettingsNode(.mapping([])),
      checkpointInterval: Duration = .seconds(60), objective: any Distiller = Supervised(),
      teacher: TeacherOutputs? = nil, rewriter: (any GraphRewriter)? = nil
    ) {
      self.task = task
      self.graph = graph
      self.backend = backend
      self.settings = settings
      self.seed = seed
      self.threads = threads
      self.precision = precision
      self.identity = identity
      self.checkpointInterval = checkpointInterval
      self.objective = objective
      self.teacher = teacher
      self.rewriter = rewriter
    }
  }

  /// How a call of `run` ended.
  public enum Outcome {
    /// All epochs are done, or validation no longer improved.
    case finished(Result)
    /// It was asked to stop; the checkpoint holds this progress.
    case stopped(TrainingProgress)
  }

  /// A trained network.
  public struct Result {
    /// The network with its final weights and encodings: the best on validation with early stopping, the average where
    /// one is kept.
    public var graph: Graph
    /// How far the training got.
    public var progress: TrainingProgress
  }
}

extension Evaluator {
  /// Evaluates the network of a training.
  convenience init(_ setup: Trainer.Setup) throws {
    try self.init(
      setup.graph, task: setup.task, backend: setup.backend, batch: setup.settings.batch,
      precision: setup.precision,
      threads: setup.threads)
  }
}
