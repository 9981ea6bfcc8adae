public import Execution
public import Graphs
public import Settings
public import Tasks

extension Trainer {
  /// The network to train, its data's task, and the way to train it.
  public struct Setup {
    /// The task of the network.
    public var task: any ImageTask
    /// The network with its first weights.
    public var graph: Graph
    /// The backend that computes.
    public var backend: any Backend
    /// The training settings.
    public var settings: TrainingSettings
    /// The seed of random ops.
    public var seed: UInt64
    /// Compute threads.
    public var threads: Int
    /// The arithmetic.
    public var precision: Precision
    /// The identity of the training, as checkpoints keep it.
    public var identity: SettingsNode
    /// The time between checkpoints within an epoch.
    public var checkpointInterval: Duration
    /// The objective that is minimized.
    public var objective: any Distiller
    /// The source of the teacher's outputs, if there is a teacher.
    public var teacher: TeacherOutputs?
    /// The rewriter that compresses the network during the training, if there is one.
    public var rewriter: (any GraphRewriter)?
    /// The processes that train together; they share the micro-batches of a step.
    public var ranks: any Ranks

    /// Makes a setup.
    public init(
      task: any ImageTask, graph: Graph, backend: any Backend, settings: TrainingSettings, seed: UInt64 = 0,
      threads: Int = 1,
      precision: Precision = .f32, identity: SettingsNode = SettingsNode(.mapping([])),
      checkpointInterval: Duration = .seconds(60), objective: any Distiller = Supervised(),
      teacher: TeacherOutputs? = nil, rewriter: (any GraphRewriter)? = nil,
      ranks: any Ranks = SingleRank()
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
      self.ranks = ranks
    }

    /// The layers whose weights stay as they are, by the settings or by the objective.
    var frozen: [LayerPattern] { settings.frozen + objective.frozenLayers(of: graph) }
  }

  /// The outcome of a call of `run`.
  public enum Outcome {
    /// All epochs are done, or validation no longer improved.
    case finished(Result)
    /// It was asked to stop; the checkpoint holds this progress.
    case stopped(TrainingProgress)
  }

  /// A trained network.
  public struct Result {
    /// The network with its final weights and encodings.
    ///
    /// With early stopping they are the best on validation; if an average is kept, they are the average.
    public var graph: Graph
    /// The progress of the training at its end.
    public var progress: TrainingProgress
  }
}

extension Evaluator {
  /// Makes an evaluator for the network of a training.
  convenience init(_ setup: Trainer.Setup) throws {
    try self.init(
      setup.graph, task: setup.task, backend: setup.backend, batch: setup.settings.validationBatch,
      precision: setup.precision,
      threads: setup.threads)
  }
}
