import Foundation
public import Metrics
public import Readings

/// What a candidate of a search was found to be: `candidate.json` in its directory, beside the student's file.
///
/// It is judged on validation images alone. The one that is chosen becomes a row with test images; the others become none.
public struct CandidateResult: Codable, Sendable, Equatable {
  /// The version of the schema that is written and read.
  public static let schemaVersion = 2
  /// The file's name in a trial's directory.
  public static let fileName = "candidate.json"

  public var schema = CandidateResult.schemaVersion
  public var name: String
  public var seed: UInt64
  /// The SHA-256 of all that the trial is a function of.
  public var address: String
  /// What it is judged by.
  public var metric: MetricKind
  /// The metric on validation images; `nil` where there are none.
  public var validation: Double?
  public var fileBytes: Int
  public var multiplyAdds: Int
  /// On the target that the goal is about; `nil` where it is about none.
  public var reading: Reading?
  public var stages: [TrialResult.StageRecord]
  public var cost: TrialResult.Cost
  public var warnings: [String]
  /// Why there is no student, such as a training that diverged; `nil` where there is one.
  public var failure: String?

  /// A candidate that made no student, and would make none again.
  public init(name: String, seed: UInt64, address: String, metric: MetricKind, failure: String) {
    self.init(
      name: name, seed: seed, address: address, metric: metric, validation: nil, fileBytes: 0,
      multiplyAdds: 0,
      reading: nil, stages: [], cost: TrialResult.Cost(trainingImages: 0, seconds: 0), warnings: [])
    self.failure = failure
  }

  public init(
    name: String, seed: UInt64, address: String, metric: MetricKind, validation: Double?, fileBytes: Int,
    multiplyAdds: Int,
    reading: Reading?, stages: [TrialResult.StageRecord], cost: TrialResult.Cost,
    warnings: [String]
  ) {
    self.name = name
    self.seed = seed
    self.address = address
    self.metric = metric
    self.validation = validation
    self.fileBytes = fileBytes
    self.multiplyAdds = multiplyAdds
    self.reading = reading
    self.stages = stages
    self.cost = cost
    self.warnings = warnings
  }

  /// Reads a candidate's file, which is believed in nothing: every field is checked.
  public static func read(_ path: String) throws(RunError) -> CandidateResult {
    let result = try RunFile.decode(
      CandidateResult.self, from: try RunFile.read(path), schema: schemaVersion, path: path
    ) { $0.nameTask() }
    try result.validate(path: path)
    return result
  }

  /// Writes the file beside its place and puts it there in one step; what could not be read back is refused.
  public func write(to path: String) throws(RunError) {
    try validate(path: path)
    try RunFile.write(try RunFile.bytes(self, path: path), to: path)
  }

  private func validate(path: String) throws(RunError) {
    do throws(FieldProblem) {
      try validate(FieldCheck())
    } catch {
      throw .result(path: path, field: error.field, reason: error.reason)
    }
  }

  private func validate(_ check: FieldCheck) throws(FieldProblem) {
    try check.fileName(name, "name")
    try check.address(address, "address")
    try check.rate(validation, "validation")
    try check.count(fileBytes, "fileBytes")
    try check.count(multiplyAdds, "multiplyAdds")
    try check.count(cost.trainingImages, "cost.trainingImages")
    try check.amount(cost.seconds, "cost.seconds")
    try reading?.validate(check, "reading")
    try check.each(stages, "stages") { (stage, field) throws(FieldProblem) in try stage.validate(check, field)
    }
  }
}
