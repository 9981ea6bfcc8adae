public import Datasets
public import Execution
public import Simulation

/// The parts of a machine that a trial uses.
///
/// None of them changes its result, except that readings on a target without its simulator are estimates.
public struct TrialEnvironment {
  /// The backend that trains and evaluates.
  public var backend: any Backend
  /// The places of data and caches.
  public var datasetOptions: DatasetOptions
  /// The folders of hardware profiles.
  public var targetFolders: [String]
  /// The meter that simulates students on targets; `nil` for estimates alone.
  public var meter: TargetMeter?
  /// Receives progress messages, one line each.
  public var note: (String) -> Void
  /// Returns true if the trial should stop; called between steps.
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
