import Metrics
public import Readings
public import Runs

/// The student that a fit chooses: a pure function of the ranking.
///
/// Of the students that keep all limits of the device and lose at most the margin against the teacher, it is
/// the one with the least energy per image. Where none is so accurate, it is the most accurate student that
/// keeps the limits.
public struct FitDecision: Sendable {
  /// The student's row.
  public let row: Ranking.Row
  /// The student's reading on the device.
  public let reading: Reading
  /// The reason for the choice, as a sentence.
  public let reason: String
  /// True if the student loses no more than the margin.
  public let isWithinMargin: Bool

  /// Chooses a student for `target`, as the recipe names it; throws `ComparisonError.noFittingStudent` if
  /// none keeps the limits.
  public init(_ ranking: Ranking, target: String, _ request: FitRequest) throws {
    let students = ranking.students.filter { $0.role == TrialRole.student.rawValue }
      .compactMap { row in row.targets[target].map { (row: row, reading: $0) } }
    let fitting = students.filter { Self.miss(of: $0.reading, request) == nil }
    guard !fitting.isEmpty else {
      throw ComparisonError.noFittingStudent(
        target: target,
        reasons: students.map { "\($0.row.name): \(Self.miss(of: $0.reading, request) ?? "fits")" })
    }
    let close = fitting.filter { Self.loss(of: $0.row).map { $0 <= request.margin } ?? false }
    let count = "\(close.count) of \(students.count)"
    if let best = close.min(by: { Self.cost(of: $0) < Self.cost(of: $1) }) {
      (row, reading, isWithinMargin) = (best.row, best.reading, true)
      reason =
        "the least energy of the \(count) students that keep the limits and lose at most "
        + "\(Self.points(request.margin)) against the teacher"
    } else {
      let best = fitting.dropFirst().reduce(fitting[0]) {
        Self.shortfall(of: $1) < Self.shortfall(of: $0) ? $1 : $0
      }
      (row, reading, isWithinMargin) = (best.row, best.reading, false)
      reason =
        "the most accurate of the \(fitting.count) of \(students.count) students that keep the limits; none loses at most "
        + "\(Self.points(request.margin)) against the teacher"
    }
  }

  /// The limit that a reading exceeds, in words; `nil` where it keeps all.
  static func miss(of reading: Reading, _ request: FitRequest) -> String? {
    guard reading.fits else { return reading.reason ?? "does not fit" }
    if let unequal = reading.imagesUnequal, unequal > 0 {
      return "its simulated outputs differ from the reference"
    }
    guard let limit = request.latencyMs else { return nil }
    guard let found = reading[.latency]?.value else { return "its latency is not known" }
    return found <= limit ? nil : "an image takes \(found) ms, more than \(limit)"
  }

  /// The loss of accuracy against the teacher, as a fraction; `nil` where the two were not compared.
  static func loss(of row: Ranking.Row) -> Double? {
    row.againstTeacher.map { -row.accuracy.metric.gain(of: $0.mean, over: 0) }
  }

  private typealias Student = (row: Ranking.Row, reading: Reading)

  /// The key of the order: energy (latency where there is none), then flash, accuracy and name.
  private static func cost(of student: Student) -> (Double, Double, Double, String) {
    let reading = student.reading
    let energy = reading[.energy] ?? reading[.latency]
    return (
      energy?.value ?? .infinity, reading[.flash]?.value ?? .infinity,
      student.row.accuracy.metric.shortfall(of: student.row.accuracy.mean), student.row.name
    )
  }

  private static func shortfall(of student: Student) -> (Double, Double, String) {
    (
      student.row.accuracy.metric.shortfall(of: student.row.accuracy.mean),
      student.reading[.flash]?.value ?? .infinity, student.row.name
    )
  }

  private static func points(_ margin: Double) -> String { "\((margin * 10000).rounded() / 100) points" }
}
