import Metrics
public import Readings
public import Runs

/// The contents of a report: the ranking of a run, its trials, their training curves, and the run's origin.
public struct RunReport: Sendable {
  /// The ranking.
  public var ranking: Ranking
  /// The trials with a result, in the order of the ranking, then by seed.
  public var trials: [TrialResult]
  /// The training curves of trials, as far as they exist.
  public var curves: [TrainingCurve]
  /// The recipe's text; `nil` where the run has none.
  public var recipe: String?
  /// The facts about the machine of the run, one per line.
  public var machine: [String]
  /// Messages for the user about reading the run.
  public var messages: [String] = []
  /// The folders of trials by their addresses, as far as they are known.
  public var folders: [String: String] = [:]
  /// The family of each method, by the method's name.
  public var families: [String: String]

  /// Makes a report of a ranking.
  public init(
    ranking: Ranking, trials: [TrialResult] = [], curves: [TrainingCurve] = [], recipe: String? = nil,
    machine: [String] = [], families: [String: String] = [:]
  ) {
    self.ranking = ranking
    let order = Self.order(ranking)
    self.trials = trials.filter { order[$0.name] != nil }.sorted {
      (order[$0.name] ?? 0, $0.seed) < (order[$1.name] ?? 0, $1.seed)
    }
    self.curves = curves.filter { order[$0.name] != nil }.sorted {
      (order[$0.name] ?? 0, $0.seed) < (order[$1.name] ?? 0, $1.seed)
    }
    self.recipe = recipe
    self.machine = machine
    self.families = families
  }

  /// The name of the metric that rows are ranked by.
  public var metricName: String { ranking.metric?.name ?? "accuracy" }

  /// The teacher, then students and controls from the best on.
  public var rows: [Ranking.Row] { (ranking.teacher.map { [$0] } ?? []) + ranking.students }

  /// The targets in the order of the recipe, then all others by name.
  public var targets: [String] {
    let known = Set(rows.flatMap(\.targets.keys)).union(ranking.targets.keys)
    let first = ranking.targetOrder.filter(known.contains)
    return first + known.subtracting(first).sorted()
  }

  /// The resources of a target that students are chosen by, in their usual order.
  public func resources(of target: String) -> [Resource] {
    Set(rows.compactMap { $0.targets[target] }.flatMap(\.resources)).filter { $0.standing != .detail }
      .sorted(by: Resource.isBefore)
  }

  /// True if a resource's interval is shown on a target: always for latency and energy, else if some row has
  /// one.
  func hasInterval(_ resource: Resource, on target: String) -> Bool {
    resource == .latency || resource == .energy
      || rows.contains { row in
        row.targets[target]?[resource].map { $0.low != nil && $0.high != nil } ?? false
      }
  }

  /// The size of the teacher's plain file divided by that of a row's; `nil` without a teacher.
  public func sizeRatio(_ row: Ranking.Row) -> Double? {
    guard let teacher = ranking.teacher, row.size.fileBytes > 0 else { return nil }
    return Double(teacher.size.fileBytes) / Double(row.size.fileBytes)
  }

  /// The families of a row's methods, in the order of its methods; a method without a family is listed by its
  /// name.
  func families(of row: Ranking.Row) -> [String] {
    row.methods.reduce(into: []) { found, method in
      let family = families[method] ?? method
      if !found.contains(family) { found.append(family) }
    }
  }

  private static func order(_ ranking: Ranking) -> [String: Int] {
    let names = (ranking.teacher.map { [$0.name] } ?? []) + ranking.students.map(\.name)
    return Dictionary(zip(names, 0...), uniquingKeysWith: { first, _ in first })
  }
}
