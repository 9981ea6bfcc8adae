import Readings

/// The notes of a ranking: facts that concern all rows.
struct RankingNotes {
  private let ranking: Ranking
  private let input: RankingBuilder
  private let rows: [RowTrials]
  private let variance: SeedVariance
  private let targets: TargetStandings

  init(
    _ ranking: Ranking, _ input: RankingBuilder, rows: [RowTrials], variance: SeedVariance,
    targets: TargetStandings
  ) {
    self.ranking = ranking
    self.input = input
    self.rows = rows
    self.variance = variance
    self.targets = targets
  }

  var all: [String] {
    [input.selection].compactMap(\.self) + statistics
      + [simulated, notShrunk, unevenSeeds, mixedMachines, unpaired, repeated].compactMap(\.self)
      + failedFamilies + onTargets + [older].compactMap(\.self)
  }

  // MARK: Statistics

  private var statistics: [String] {
    guard !rows.isEmpty else { return [] }
    var notes: [String] = []
    let few = (ranking.students + [ranking.teacher].compactMap(\.self)).filter(\.indicative).map(\.name)
    if !few.isEmpty { notes.append(indicative(few)) }
    if variance.degreesOfFreedom == 0, rows.count > 1 {
      notes.append(
        "With one seed the variance over seeds is unknown: intervals hold test images alone and are too narrow."
      )
    }
    if !variance.wild.isEmpty {
      notes.append(
        "Far more varied from seed to seed than the other rows, and judged by their own seeds: "
          + "\(Words.list(variance.wild)).")
    }
    return notes
  }

  /// The note that some rows have too few seeds, with an estimate of the time that the missing trials would
  /// take.
  private func indicative(_ few: [String]) -> String {
    let missing = rows.reduce(0.0) { sum, row in
      let needed = Double(max(0, Ranking.testedSeeds - row.sample.seeds.count))
      return sum + needed * row.trials.map(\.result.cost.seconds).mean
    }
    return "Indicative, as below \(Ranking.testedSeeds) seeds: \(Words.list(few)). No p-value is given; "
      + "the trials that \(Ranking.testedSeeds) seeds lack would train for about \(Words.duration(missing)), one at a time."
  }

  /// The note about rows that share no seed with the teacher on the same test images.
  private var unpaired: String? {
    guard let teacher = rows.first(where: { $0.role == .teacher }) else { return nil }
    let alone = ranking.students.filter { row in
      row.role == TrialRole.student.rawValue
        && !ranking.comparisons.contains { $0.first == row.name && $0.second == teacher.name }
    }
    return alone.isEmpty
      ? nil
      : "Not compared with the teacher, for want of a seed that both have on the same test images: "
        + "\(Words.list(alone.map(\.name)))."
  }

  // MARK: Rows

  private var simulated: String? {
    let names = ranking.students.filter { $0.accuracy.arithmetic.contains("simulated") }.map(\.name)
    return names.isEmpty
      ? nil : "Accuracy of integers simulated in floats, not of integer arithmetic: \(Words.list(names))."
  }

  private var notShrunk: String? {
    guard let teacher = ranking.teacher else { return nil }
    let names = ranking.students.filter { !$0.methods.isEmpty && $0.size.fileBytes >= teacher.size.fileBytes }
    return names.isEmpty
      ? nil
      : "Not compressed: the file is no smaller than the teacher's (\(Words.bytes(teacher.size.fileBytes))): "
        + names.map { "\($0.name) (\(Words.bytes($0.size.fileBytes)))" }.joined(separator: ", ") + "."
  }

  private var unevenSeeds: String? {
    let most = rows.map(\.sample.seeds.count).max() ?? 0
    let fewer = rows.filter { $0.sample.seeds.count < most }.map { "\($0.name) (\($0.sample.seeds.count))" }
    return fewer.isEmpty ? nil : "Over fewer than \(most) seeds: \(Words.list(fewer))."
  }

  private var mixedMachines: String? {
    let kinds = Set(
      input.trials.map(\.result).map {
        "\(Words.count($0.threads, "thread")), \($0.precision), \($0.instructionSet)"
      })
    return kinds.count < 2
      ? nil
      : "Trials differ in threads, precision or instruction set, which moves float sums: "
        + kinds.sorted().joined(separator: "; ") + "."
  }

  private var repeated: String? {
    let dropped = input.trials.count - rows.reduce(0) { $0 + $1.trials.count }
    return dropped == 0
      ? nil
      : "\(Words.count(dropped, "result")) of a name and seed that occur again, under another address, not ranked."
  }

  // MARK: Failures

  /// A note for each family all of whose trials failed.
  private var failedFamilies: [String] {
    let finished = Set(rows.flatMap { input.families[$0.name] ?? [] })
    var reasons: [String: String] = [:]
    for failure in ranking.failed {
      for family in input.families[failure.name] ?? [] where !finished.contains(family) {
        if reasons[family] == nil {
          reasons[family] = "\(failure.name), seed \(failure.seed): \(failure.reason)"
        }
      }
    }
    return reasons.keys.sorted().map { "No trial of \($0) gave a result (\(reasons[$0] ?? ""))." }
  }

  // MARK: Targets

  private var onTargets: [String] {
    let modelled = targets.names.compactMap { name in
      ranking.students.lazy.compactMap { $0.targets[name]?.note }.first.map { "On \(name): \($0)." }
    }
    return modelled + unequal
  }

  /// Errors for rows whose simulated outputs differ from the integer reference.
  private var unequal: [String] {
    targets.names.flatMap { name in
      ranking.students.compactMap { row in
        guard let reading = row.targets[name], let count = reading.imagesUnequal, count > 0 else {
          return nil
        }
        return "ERROR: \(row.name) on \(name): outputs differ from the integer reference on \(count) of "
          + "\(reading.imagesSimulated ?? 0) images; do not trust this row."
      }
    }
  }

  private var older: String? {
    let names = Set(input.older).sorted()
    return names.isEmpty
      ? nil
      : "\(Words.count(input.older.count, "result")) of an older recipe in the ledger, not ranked: \(Words.list(names))."
  }
}
