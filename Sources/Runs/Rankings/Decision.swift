import Metrics
import Readings

extension Ranking {
  /// The recommended students for a target: at most four by the usual resources, more by `others`; never a
  /// control.
  public struct Decision: Codable, Sendable, Equatable {
    /// A chosen student and the reason for it.
    public struct Choice: Codable, Sendable, Equatable {
      /// The student's name.
      public var name: String
      /// The reason as a sentence for people, without a full stop.
      public var reason: String
      /// The student's mean accuracy, 0…1.
      public var accuracy: Double
      /// The lower end of the accuracy's 95 % interval.
      public var low: Double
      /// The upper end of the accuracy's 95 % interval.
      public var high: Double

      /// The choice of a row.
      init(_ row: Row, reason: String) {
        name = row.name
        self.reason = reason
        accuracy = row.accuracy.mean
        low = row.accuracy.low
        high = row.accuracy.high
      }
    }

    /// The best student by a resource other than flash, RAM, latency and energy.
    public struct Other: Codable, Sendable, Equatable {
      /// The resource's name.
      public var resource: String
      /// The description of the student, such as `least LUTs`.
      public var title: String
      /// The student and the reason.
      public var choice: Choice
    }

    /// The target's name.
    public var target: String
    /// The largest loss of accuracy against the teacher that is accepted, as a fraction: 0.01 is one
    /// percentage point.
    public var margin: Double
    /// The student with the least flash, among those that fit and are not worse than the teacher by more than
    /// the margin.
    @NullWhenNil public var smallest: Choice?
    /// The student with the least latency, among the same students.
    @NullWhenNil public var fastest: Choice?
    /// The student with the least energy per image, among the same students.
    @NullWhenNil public var mostFrugal: Choice?
    /// The student with the best mean accuracy, among all that fit.
    @NullWhenNil public var mostAccurate: Choice?
    /// The reason why there is no choice; `nil` where at least one student is close enough to the teacher.
    @NullWhenNil public var note: String?
    /// The best students by further resources, among the same as for `smallest`; `nil` where targets measure
    /// no others.
    public var others: [Other]?
  }

  /// The margin unless a recipe sets one: one percentage point.
  public static let defaultMargin = 0.01
  /// The accepted range of margins, as fractions.
  public static let margins = 0.0...1.0

  /// The ranking with its decisions under another margin, a fraction in `margins`.
  public func deciding(margin: Double) -> Ranking {
    var ranking = self
    let order = targetOrder.filter(targets.keys.contains)
    let names = order + Set(targets.keys).subtracting(order).sorted()
    ranking.decisions = names.map { DecisionMaker(ranking, target: $0, margin: margin).decision }
    return ranking
  }
}

/// Chooses the recommended students for a target from a ranking: a pure function.
///
/// **Rule** a student is *close enough* to the teacher if the one-sided lower 95 % bound of its difference
/// lies above minus the margin: a test of non-inferiority at level 0.05. Below three seeds there is no test,
/// and the difference itself must be at least minus the margin. Never chosen are controls, and students whose
/// simulated outputs differ from those that their accuracy was measured with.
struct DecisionMaker {
  private typealias Candidate = (row: Ranking.Row, reading: Reading)

  private let ranking: Ranking
  private let target: String
  private let margin: Double
  private let fitting: [Candidate]
  private let close: [Candidate]

  init(_ ranking: Ranking, target: String, margin: Double) {
    self.ranking = ranking
    self.target = target
    self.margin = margin
    fitting = ranking.students.filter { $0.role == TrialRole.student.rawValue }.compactMap { row in
      row.targets[target].map { (row, $0) }
    }.filter { $0.1.fits && ($0.1.imagesUnequal ?? 0) == 0 }
    close = fitting.filter { Self.isClose($0.row, margin) }
  }

  var decision: Ranking.Decision {
    Ranking.Decision(
      target: target, margin: margin,
      smallest: least(.flash, "the smallest"), fastest: least(.latency, "the fastest"),
      mostFrugal: least(.energy, "the most frugal"), mostAccurate: mostAccurate, note: note,
      others: others.isEmpty ? nil : others)
  }

  /// The resources that have choices of their own, and RAM, which has none.
  private static let known: [Resource] = [.flash, .ram, .latency, .energy]

  /// One choice for each further resource that is not a mere detail.
  private var others: [Ranking.Decision.Other] {
    Set(close.flatMap(\.reading.resources)).subtracting(Self.known).filter { $0.standing != .detail }
      .sorted(by: Resource.isBefore).compactMap { resource in
        let title = (resource.direction == .lower ? "least " : "most ") + resource.title
        return least(resource, "that of \(title)").map {
          Ranking.Decision.Other(resource: resource.name, title: title, choice: $0)
        }
      }
  }

  private static func isClose(_ row: Ranking.Row, _ margin: Double) -> Bool {
    guard let difference = row.againstTeacher else { return false }
    let metric = row.accuracy.metric
    guard let bound = difference.leastGain(on: metric) else { return difference.gain(on: metric) >= -margin }
    return bound > -margin
  }

  // MARK: Choices

  /// The close student that takes the least; ties go to the more accurate one, then to the first by name.
  private func least(_ resource: Resource, _ superlative: String) -> Ranking.Decision.Choice? {
    let candidates = close.compactMap { candidate in
      candidate.reading[resource].map { (row: candidate.row, value: $0.value) }
    }
    let best = candidates.min {
      (resource.cost($0.value), $0.row.shortfall, $0.row.name)
        < (resource.cost($1.value), $1.row.shortfall, $1.row.name)
    }
    guard let best else { return nil }
    let isOfImages = resource == .latency || resource == .energy
    let reason =
      "\(superlative) of \(Words.count(close.count, "student")) that \(close.count == 1 ? "fits and is" : "fit and are") "
      + "close enough to the teacher: \(Words.amount(best.value, of: resource))\(isOfImages ? " an image" : ""); "
      + closeness(best.row)
    return Ranking.Decision.Choice(best.row, reason: reason)
  }

  /// The row's difference from the teacher in words, with its bound where that was tested.
  private func closeness(_ row: Ranking.Row) -> String {
    guard let difference = row.againstTeacher else { return "not compared with the teacher" }
    guard let bound = difference.leastGain(on: row.accuracy.metric) else {
      return "\(Words.against(difference.mean)) over \(Words.count(row.seeds.count, "seed")), not tested"
    }
    return
      "\(Words.against(difference.mean)), and \(Words.bound(bound, on: row.accuracy.metric)) with 95 % confidence"
  }

  private var mostAccurate: Ranking.Decision.Choice? {
    func flash(_ candidate: Candidate) -> Double { candidate.reading[.flash]?.value ?? .infinity }
    let best = fitting.min {
      ($0.row.shortfall, flash($0), $0.row.name) < ($1.row.shortfall, flash($1), $1.row.name)
    }
    guard let row = best?.row else { return nil }
    var reason =
      fitting.count == 1
      ? "the only student that fits"
      : "the \(row.accuracy.metric.isHigherBetter ? "highest" : "lowest") mean of \(fitting.count) students that fit"
    if let difference = row.againstTeacher { reason += "; " + Words.against(difference.mean) }
    return Ranking.Decision.Choice(row, reason: reason)
  }

  // MARK: Why there is none

  private var note: String? {
    guard close.isEmpty else { return nil }
    let students = ranking.students.filter { $0.role == TrialRole.student.rawValue }
    if students.isEmpty { return "no student gave a result" }
    if fitting.isEmpty {
      return Words.nothingFits(students.compactMap { row in row.targets[target].map { (row, $0) } })
    }
    let compared = fitting.compactMap { candidate in candidate.row.againstTeacher.map { (candidate.row, $0) }
    }
    if compared.isEmpty {
      return ranking.teacher == nil
        ? "no teacher gave a result that students could be held against"
        : "no student that fits shares a seed and test images with the teacher"
    }
    let nearest = compared.max { Self.bound($0) < Self.bound($1) }
    return "no student that fits is close enough to the teacher, within \(Words.margin(margin))"
      + (nearest.map { "; the nearest is \($0.0.name): \(closeness($0.0))" } ?? "")
  }

  private static func bound(_ compared: (Ranking.Row, Ranking.Row.Difference)) -> Double {
    let (row, difference) = compared
    return difference.leastGain(on: row.accuracy.metric) ?? difference.gain(on: row.accuracy.metric)
  }
}

extension Ranking.Row {
  /// The distance of the row's mean accuracy from the best possible value.
  var shortfall: Double { accuracy.metric.shortfall(of: accuracy.mean) }
}
