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

/// Takes the readings of a finished trial anew, on the targets that were added or changed since.
///
///     let rereading = TrialRereading(spec, directory: "runs/demo/trials/" + spec.directoryName, environment)
///     try rereading.run()
///
/// `result.json` is replaced whole: killed at any instant, the trial has the old readings or the new ones.
public struct TrialRereading {
  private let spec: TrialSpec
  private let directory: String
  private let environment: TrialEnvironment

  /// A finished trial in its directory.
  public init(_ spec: TrialSpec, directory: String, _ environment: TrialEnvironment) {
    self.spec = spec
    self.directory = directory
    self.environment = environment
  }

  /// The targets whose readings a result lacks or took from something else than `origins`, by name, gives.
  public static func staleTargets(of result: TrialResult, _ origins: [String: ReadingOrigin]) -> [String] {
    origins.keys.sorted().filter { result.targets[$0]?.origin != origins[$0]?.digest }
  }

  /// Reads the student's file on what is stale, and writes the result; does nothing where nothing is.
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
  /// Puts the energy on the present first target into the last stage, whose network is the one that was read. Earlier
  /// stages keep theirs with what they were read on: the networks are gone, and the target may come back.
  fileprivate mutating func readLastEnergy(on first: String?) {
    guard let first, let reading = targets[first], let last = stages.indices.last else { return }
    stages[last].energyMicrojoules = reading[.energy]?.value
    stages[last].energyTarget = first
    stages[last].energyOrigin = reading.origin
  }
}
