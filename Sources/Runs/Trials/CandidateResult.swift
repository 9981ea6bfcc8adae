import Foundation
public import Metrics
public import Readings

/// The result of a search's candidate: `candidate.json` in its directory, beside the student's file.
///
/// It is judged on validation images alone. The chosen candidate becomes a row and is judged on test images;
/// the others are no rows.
public struct CandidateResult: Codable, Sendable, Equatable {
  /// The version of the schema that is written and read.
  public static let schemaVersion = 2
  /// The file's name in a trial's directory.
  public static let fileName = "candidate.json"

  /// The version of the file's schema.
  public var schema = CandidateResult.schemaVersion
  /// The candidate's name.
  public var name: String
  /// The trial's seed.
  public var seed: UInt64
  /// The SHA-256 of everything that decides the result.
  public var address: String
  /// The metric that it is judged by.
  public var metric: MetricKind
  /// The metric on validation images; `nil` where there are none.
  public var validation: Double?
  /// The size of the student's file in bytes.
  public var fileBytes: Int
  /// Multiply-adds per image.
  public var multiplyAdds: Int
  /// The reading on the goal's target; `nil` where the goal names none.
  public var reading: Reading?
  /// On each target of a goal of several objectives, by the target's name; `nil` for other goals.
  public var readings: [String: Reading]?
  /// True if its training was cut short, so that it cannot become a student; `nil` if it was not.
  public var isCutShort: Bool?
  /// The stages of the pipeline, in order.
  public var stages: [TrialResult.StageRecord]
  /// The cost of training.
  public var cost: TrialResult.Cost
  /// Warnings about the student.
  public var warnings: [String]
  /// The reason why there is no student, such as a training that diverged; `nil` where there is one.
  public var failure: String?

  /// Makes the result of a candidate that has no student, and would have none if it were run again.
  public init(name: String, seed: UInt64, address: String, metric: MetricKind, failure: String) {
    self.init(
      name: name, seed: seed, address: address, metric: metric, validation: nil, fileBytes: 0,
      multiplyAdds: 0,
      reading: nil, stages: [], cost: TrialResult.Cost(trainingImages: 0, seconds: 0), warnings: [])
    self.failure = failure
  }

  /// Makes the result of a candidate that has a student.
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

  /// Reads a candidate's file and checks every field.
  public static func read(_ path: String) throws(RunError) -> CandidateResult {
    let result = try RunFile.decode(
      CandidateResult.self, from: try RunFile.read(path), schema: schemaVersion, path: path
    ) { $0.nameTask() }
    try result.validate(path: path)
    return result
  }

  /// Writes the file under a temporary name and renames it in one step; refuses a result that `read(_:)`
  /// would refuse.
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
    for (target, reading) in readings ?? [:] { try reading.validate(check, "readings.\(target)") }
    try check.each(stages, "stages") { (stage, field) throws(FieldProblem) in try stage.validate(check, field)
    }
  }
}
