public import Datasets
public import Execution
public import Simulation

/// What a trial needs of the machine that runs it, none of which may change its result, but that a
/// target without its simulator is modelled, and marked so.
public struct TrialEnvironment {
  /// What computes.
  public var backend: any Backend
  /// Where data and caches lie.
  public var datasetOptions: DatasetOptions
  /// Folders of hardware profiles.
  public var targetFolders: [String]
  /// What simulates students on targets; `nil` for estimates alone.
  public var meter: TargetMeter?
  /// Told what goes on, a line at a time.
  public var note: (String) -> Void
  /// Asked between steps.
  public var shouldStop: () -> Bool

  /// Makes an environment.
  public init(
    backend: any Backend, datasetOptions: DatasetOptions, targetFolders: [String],
    meter: TargetMeter? = nil, note: @escaping (String) -> Void = { _ in },
    shouldStop: @escaping () -> Bool = { false }
  ) {
    self.backend = backend
    self.datasetOptions = datasetOptions
    self.targetFolders = targetFolders
    self.meter = meter
    self.note = note
    self.shouldStop = shouldStop
  }
}
