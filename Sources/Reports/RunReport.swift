import Metrics
public import Readings
public import Runs

/// All that a report is made of: the ranking of a run, its trials, how they trained, and where all that came from.
public struct RunReport: Sendable {
  /// The ranking.
  public var ranking: Ranking
  /// The trials that gave a result, in the order of the ranking, then by seed.
  public var trials: [TrialResult]
  /// How the trials trained, as far as that was kept.
  public var curves: [TrainingCurve]
  /// The recipe's text; `nil` where the run kept none.
  public var recipe: String?
  /// What the run ran on, a line a fact.
  public var machine: [String]
  /// What reading the run met that the user should know.
  public var messages: [String] = []
  /// The folders of trials, by their addresses, as far as they are known.
  public var folders: [String: String] = [:]
  /// The family of a method, by the method's name.
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

  /// The name of what rows are ranked by.
  public var metricName: String { ranking.metric?.name ?? "accuracy" }

  /// The teacher, then the students and controls from the best on.
  public var rows: [Ranking.Row] { (ranking.teacher.map { [$0] } ?? []) + ranking.students }

  /// The targets in the order of the recipe, then any others by name.
  public var targets: [String] {
    let known = Set(rows.flatMap(\.targets.keys)).union(ranking.targets.keys)
    let first = ranking.targetOrder.filter(known.contains)
    return first + known.subtracting(first).sorted()
  }

  /// The resources by which students are chosen on a target, in the order in which they are told.
  public func resources(of target: String) -> [Resource] {
    Set(rows.compactMap { $0.targets[target] }.flatMap(\.resources)).filter { $0.standing != .detail }
      .sorted(by: Resource.isBefore)
  }

  /// Whether a resource's interval is told on a target: where some row has one, and of times and energies always.
  func hasInterval(_ resource: Resource, on target: String) -> Bool {
    resource == .latency || resource == .energy
      || rows.contains { row in
        row.targets[target]?[resource].map { $0.low != nil && $0.high != nil } ?? false
      }
  }

  /// How many times larger the teacher's file is than a row's, both plain; `nil` without a teacher.
  public func sizeRatio(_ row: Ranking.Row) -> Double? {
    guard let teacher = ranking.teacher, row.size.fileBytes > 0 else { return nil }
    return Double(teacher.size.fileBytes) / Double(row.size.fileBytes)
  }

  /// The families of a row's methods, in the order of its methods; a method without a family stands for itself.
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
