import Datasets
import Encodings
import Execution
import Graphs
import Images
import Readings
public import Runs
import Settings
import Simulation
import Targets

/// Takes the readings of a finished trial again on targets that were added or changed since.
///
///     let rereading = TrialRereading(spec, directory: "runs/demo/trials/" + spec.directoryName, environment)
///     try rereading.run()
///
/// `result.json` is replaced in one step: a trial that is killed has either the old readings or the new ones.
public struct TrialRereading {
  private let spec: TrialSpec
  private let directory: String
  private let environment: TrialEnvironment

  /// Takes a finished trial in its directory.
  public init(_ spec: TrialSpec, directory: String, _ environment: TrialEnvironment) {
    self.spec = spec
    self.directory = directory
    self.environment = environment
  }

  /// The targets, sorted, whose readings a result lacks or has from another origin than `origins` names.
  public static func staleTargets(of result: TrialResult, _ origins: [String: ReadingOrigin]) -> [String] {
    origins.keys.sorted().filter { result.targets[$0]?.origin != origins[$0]?.digest }
  }

  /// Reads the student's file on stale targets and writes the result; does nothing without any.
  public func run() throws {
    var result = try read()
    let stale = Self.staleTargets(of: result, try origins())
    guard !stale.isEmpty else { return }
    let model = try AnyModelFile.read(directory + "/" + TrialFolder.student)
    let data = try TrialData(
      spec, input: model.input.shape,
      normalization: Normalization(mean: model.input.mean, deviation: model.input.deviation), environment)
    let readings = try TrialReadings(spec, environment, data: data).readings(
      of: model, fileBytes: result.size.fileBytes, on: stale)
    result.targets.merge(readings) { $1 }
    result.readLastEnergy(on: spec.targets.first)
    result.warnings.removeAll { $0.hasPrefix(TrialReadings.errorMark) }
    result.warnings += TrialReadings.warnings(result.targets)
    try result.write(to: directory + "/" + TrialFolder.result)
  }

  private func read() throws -> TrialResult {
    try TrialResult.read(directory + "/" + TrialFolder.result)
  }

  private func origins() throws -> [String: ReadingOrigin] {
    var origins: [String: ReadingOrigin] = [:]
    for name in spec.targets {
      let profile = try TargetProfile.named(name, searching: environment.targetFolders)
      origins[name] = ReadingOrigin(profile, environment.meter)
    }
    return origins
  }
}

extension TrialResult {
  /// Sets the energy of the last stage, whose network was read, to that on the first target.
  ///
  /// Earlier stages keep their energies with their origins: their networks are gone, and the old target may
  /// come back.
  fileprivate mutating func readLastEnergy(on first: String?) {
    guard let first, let reading = targets[first], let last = stages.indices.last else { return }
    stages[last].energyMicrojoules = reading[.energy]?.value
    stages[last].energyTarget = first
    stages[last].energyOrigin = reading.origin
  }
}
