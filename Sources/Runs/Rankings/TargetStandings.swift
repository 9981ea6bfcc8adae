import Readings

/// The fronts, best rows and ties of every target.
struct TargetStandings {
  private(set) var summaries: [String: Ranking.TargetSummary] = [:]
  /// All targets, sorted.
  let names: [String]

  /// Takes students and controls, best first, and the teacher.
  init(students: [Ranking.Row], teacher: Ranking.Row?) {
    names = Set((students + [teacher].compactMap(\.self)).flatMap(\.targets.keys)).sorted()
    for name in names { add(name, students, teacher?.targets[name]) }
  }

  /// The targets on whose front a row lies, sorted.
  func fronts(of row: String) -> [String] { names.filter { summaries[$0]?.front.contains(row) == true } }

  private mutating func add(
    _ target: String, _ rows: [Ranking.Row], _ teacher: Reading?
  ) {
    let all = rows.compactMap { row in row.targets[target].map { (row: row, reading: $0) } }
    let fitting = all.filter(\.reading.fits)
    // A control shows the worth of a method; it is never a choice.
    let students = fitting.filter { $0.row.role == TrialRole.student.rawValue }
    let axes = Set(students.flatMap(\.reading.resources)).filter { $0.standing == .objective }
      .sorted(by: Resource.isBefore)
    let points = students.map {
      ParetoPoint(name: $0.row.name, shortfall: $0.row.shortfall, $0.reading, axes: axes)
    }
    let front = ParetoPoint.front(points)
    let reference = Self.reference(teacher, all.map(\.reading), axes)
    summaries[target] = Ranking.TargetSummary(
      best: students.first.map { Words.line($0.row, $0.reading) }
        ?? Words.nothingFits(all.filter { $0.row.role == TrialRole.student.rawValue }),
      front: front.map(\.name),
      hypervolume: Hypervolume.dominatedShare(
        front.map { zip($0.coordinates, reference).map { Self.share($0, of: $1) } }),
      energyRanksAsLatency: Self.ranksAlike(all.compactMap { Self.pair($0.reading) }),
      ties: Self.ties(
        fitting.compactMap { row, reading in
          reading[.latency].map { (row.name, $0.value, reading.relativeError ?? 0) }
        }))
  }

  /// Groups of rows, fastest first, in which each latency exceeds the one before by less than the larger
  /// relative error.
  static func ties(_ rows: [(name: String, latency: Double, relativeError: Double)]) -> [[String]] {
    let sorted = rows.sorted { ($0.latency, $0.name) < ($1.latency, $1.name) }
    var runs: [[String]] = []
    for (position, row) in sorted.enumerated() {
      if position > 0 {
        let before = sorted[position - 1]
        let error = max(row.relativeError, before.relativeError)
        if row.latency - before.latency < error * before.latency {
          runs[runs.count - 1].append(row.name)
          continue
        }
      }
      runs.append([row.name])
    }
    return runs.filter { $0.count > 1 }
  }

  /// The reference point of a front's volume: accuracy 0 and the teacher's amounts; without a teacher, the
  /// largest of any row.
  private static func reference(
    _ teacher: Reading?, _ rows: [Reading], _ axes: [Resource]
  ) -> [Double] {
    let readings = teacher.map { [$0] } ?? rows
    return [1] + axes.map { axis in readings.compactMap { $0[axis] }.map { axis.cost($0.value) }.max() ?? 0 }
  }

  /// Energy and latency, where a reading has both.
  private static func pair(_ reading: Reading) -> (Double, Double)? {
    guard let energy = reading[.energy], let latency = reading[.latency] else { return nil }
    return (energy.value, latency.value)
  }

  /// A coordinate as a share of the reference's; 1 where the reference is 0.
  private static func share(_ value: Double, of reference: Double) -> Double {
    reference > 0 ? value / reference : 1
  }

  /// True if both figures put every pair of rows in the same order; false for fewer than two rows.
  static func ranksAlike(_ pairs: [(Double, Double)]) -> Bool {
    guard pairs.count > 1 else { return false }
    return pairs.allSatisfy { first in
      pairs.allSatisfy { second in
        (first.0 < second.0) == (first.1 < second.1) && (first.0 > second.0) == (first.1 > second.1)
      }
    }
  }
}
