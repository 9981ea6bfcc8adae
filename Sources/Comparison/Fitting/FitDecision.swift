import Metrics
public import Readings
public import Runs

/// Which student of a fit is taken: a pure function of the ranking.
///
/// Of the students that keep all limits on the device and lose at most the margin against the teacher, the one of least energy an
/// image; where none is so accurate, the most accurate of those that keep the limits.
public struct FitDecision: Sendable {
  /// The student's row.
  public let row: Ranking.Row
  /// What it takes of the device.
  public let reading: Reading
  /// Why it was taken, a sentence.
  public let reason: String
  /// Whether it loses no more than the margin.
  public let isWithinMargin: Bool

  /// Decides; throws `ComparisonError.noFittingStudent` where no student keeps the limits.
  ///
  /// - Parameter target: the target as the recipe names it.
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

  /// Which limit a reading breaks; `nil` where it keeps all.
  static func miss(of reading: Reading, _ request: FitRequest) -> String? {
    guard reading.fits else { return reading.reason ?? "does not fit" }
    if let unequal = reading.imagesUnequal, unequal > 0 {
      return "its simulated outputs differ from the reference"
    }
    guard let limit = request.latencyMs else { return nil }
    guard let found = reading[.latency]?.value else { return "its latency is not known" }
    return found <= limit ? nil : "an image takes \(found) ms, more than \(limit)"
  }

  /// How much worse than the teacher it is, a fraction; `nil` where the two were not compared.
  static func loss(of row: Ranking.Row) -> Double? {
    row.againstTeacher.map { -row.accuracy.metric.gain(of: $0.mean, over: 0) }
  }

  private typealias Student = (row: Ranking.Row, reading: Reading)

  /// Energy, where a target tells of none its latency; then flash, then accuracy, then the name.
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
