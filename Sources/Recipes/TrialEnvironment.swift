public import Datasets
public import Execution

/// What a trial needs of the machine that runs it, none of which may change its result.
public struct TrialEnvironment {
  /// What computes.
  public var backend: any Backend
  /// Where data and caches lie.
  public var datasetOptions: DatasetOptions
  /// Folders of hardware profiles.
  public var targetFolders: [String]
  /// Told what goes on, a line at a time.
  public var note: (String) -> Void
  /// Asked between steps.
  public var shouldStop: () -> Bool

  /// Makes an environment.
  public init(
    backend: any Backend, datasetOptions: DatasetOptions, targetFolders: [String],
    note: @escaping (String) -> Void = { _ in }, shouldStop: @escaping () -> Bool = { false }
  ) {
    self.backend = backend
    self.datasetOptions = datasetOptions
    self.targetFolders = targetFolders
    self.note = note
    self.shouldStop = shouldStop
  }
}
