/// The record of a search for a front, for reports: its candidates in their order, their values, and the front.
///
/// Errors are measured on validation images. A search for one goal whose candidates share weights has a record
/// too, by error and size of the file.
public struct SearchRecord: Codable, Sendable, Equatable {
  /// A candidate of a search.
  public struct Candidate: Codable, Sendable, Equatable {
    /// The position in the order of proposals, from 1.
    public var number: Int
    /// The address of its trial.
    public var address: String
    /// The values of the variables, in words.
    public var settings: String
    /// The value of each objective; `nil` without a student.
    public var values: [Double]?
    /// The reason why it misses the limits, was cut short or made no student; `nil` if it meets the limits.
    public var reason: String?
    /// The number of its parent; `nil` if it was drawn from the whole space.
    public var parent: Int?
    /// The share of the box from 0 to the reference that the candidates up to this one dominate, 0…1.
    public var hypervolume: Double
    /// True if it meets the limits and no other such candidate dominates it.
    public var isOnFront: Bool

    /// Makes a candidate; its record sets `hypervolume` and `isOnFront`.
    public init(
      number: Int, address: String, settings: String, values: [Double]?, reason: String?, parent: Int?
    ) {
      self.number = number
      self.address = address
      self.settings = settings
      self.values = values
      self.reason = reason
      self.parent = parent
      hypervolume = 0
      isOnFront = false
    }
  }

  /// What the weights that candidates share said of them, beside what training them alone said.
  public struct Sharing: Codable, Sendable, Equatable {
    /// A candidate that was judged in both ways.
    public struct Pair: Codable, Sendable, Equatable {
      /// The number of the candidate that is a part of the shared weights.
      public var shared: Int
      /// The number of the same candidate trained alone.
      public var alone: Int
      /// The metric on validation images by shared weights.
      public var sharedMetric: Double
      /// The metric on validation images after training alone.
      public var aloneMetric: Double

      /// Makes a pair.
      public init(shared: Int, alone: Int, sharedMetric: Double, aloneMetric: Double) {
        (self.shared, self.alone) = (shared, alone)
        (self.sharedMetric, self.aloneMetric) = (sharedMetric, aloneMetric)
      }
    }

    /// The address of the trial that trained the shared weights.
    public var trial: String
    /// The epochs of the shared training.
    public var epochs: Int
    /// The candidates that were trained alone too.
    public var pairs: [Pair]
    /// Kendall's tau-b of the two metrics, -1…1; `nil` for fewer than two pairs, or if one metric is constant.
    public var kendall: Double?
    /// Spearman's rank correlation of the two metrics, -1…1; `nil` as for `kendall`.
    public var spearman: Double?

    /// Makes a record; computes the correlations.
    public init(trial: String, epochs: Int, pairs: [Pair]) {
      (self.trial, self.epochs, self.pairs) = (trial, epochs, pairs)
      let (together, alone) = (pairs.map(\.sharedMetric), pairs.map(\.aloneMetric))
      kendall = RankCorrelation.kendall(together, alone)
      spearman = RankCorrelation.spearman(together, alone)
    }
  }

  /// The student that was searched for.
  public var student: String
  /// The seed of the search.
  public var seed: UInt64
  /// The name of the strategy.
  public var strategy: String
  /// The names of the minimized quantities, two or more.
  public var objectives: [String]
  /// The upper limits of quantities, by name.
  public var limits: [String: Double]
  /// The reference point of the hypervolume, one coordinate for each objective.
  ///
  /// It is the objective's limit. Without a limit, it is 1 for the error and the largest value of a candidate for others.
  public var reference: [Double]
  /// The candidates, in the order in which they were proposed.
  public var candidates: [Candidate]
  /// The number of the candidate that became each row, by the row's name.
  public var rows: [String: Int]

  /// What shared weights said of the candidates; `nil` if each was trained.
  public var sharing: Sharing?

  /// Makes a record; computes the reference, the hypervolumes and the front.
  public init(
    student: String, seed: UInt64, strategy: String, objectives: [String], limits: [String: Double],
    candidates: [Candidate], rows: [String: Int]
  ) {
    self.student = student
    self.seed = seed
    self.strategy = strategy
    self.objectives = objectives
    self.limits = limits
    self.candidates = candidates
    self.rows = rows
    reference = objectives.enumerated().map { axis, name in
      if let limit = limits[name] { return limit }
      if name == "error" { return 1 }
      let most = candidates.compactMap { $0.values?[axis] }.max() ?? 1
      return most > 0 ? most : 1
    }
    judge()
  }

  /// The candidates of the front, sorted by the first objective, then by the others.
  public var front: [Candidate] {
    candidates.filter(\.isOnFront).sorted { first, second in
      (first.values ?? []).lexicographicallyPrecedes(second.values ?? [])
    }
  }

  /// Computes the hypervolume after each candidate, and the final front; the first of equal candidates counts.
  private mutating func judge() {
    var front: [(place: Int, share: ParetoPoint)] = []
    var volume = 0.0
    for place in candidates.indices {
      let candidate = candidates[place]
      if candidate.reason == nil, let values = candidate.values {
        let share = ParetoPoint(name: "", coordinates: zip(values, reference).map { $0 / $1 })
        let isNew = !front.contains { known in
          known.share.coordinates == share.coordinates || known.share.dominates(share)
        }
        if isNew {
          front.removeAll { share.dominates($0.share) }
          front.append((place, share))
          volume = Hypervolume.dominatedShare(front.map(\.share.coordinates))
        }
      }
      candidates[place].hypervolume = volume
    }
    for (place, _) in front { candidates[place].isOnFront = true }
  }
}

extension SearchRecord {
  /// Reads a record from a file.
  ///
  /// Throws `DecodingError` for fewer than two objectives, for candidates or a reference with another number of values, and for
  /// candidates that are not numbered from 1.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    student = try container.decode(String.self, forKey: .student)
    seed = try container.decode(UInt64.self, forKey: .seed)
    strategy = try container.decode(String.self, forKey: .strategy)
    objectives = try container.decode([String].self, forKey: .objectives)
    limits = try container.decode([String: Double].self, forKey: .limits)
    reference = try container.decode([Double].self, forKey: .reference)
    candidates = try container.decode([Candidate].self, forKey: .candidates)
    rows = try container.decode([String: Int].self, forKey: .rows)
    sharing = try container.decodeIfPresent(Sharing.self, forKey: .sharing)
    let counts = [reference.count] + candidates.compactMap { $0.values?.count }
    guard objectives.count > 1, counts.allSatisfy({ $0 == objectives.count }),
      candidates.map(\.number) == Array(1..<(candidates.count + 1))
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .candidates, in: container,
        debugDescription: "expected candidates counted from 1 with \(objectives.count) values each")
    }
  }

  /// The name of the file in the directory of a run.
  public static let fileName = "searches.json"

  private struct File: Codable {
    var schema = 1
    var searches: [SearchRecord]
  }

  /// Writes the searches of a run to a temporary file and moves it to `path` in one step.
  public static func write(_ searches: [SearchRecord], to path: String) throws(RunError) {
    try RunFile.write(try RunFile.bytes(File(searches: searches), path: path), to: path)
  }

  /// Reads the searches of a file made by `write`.
  public static func read(_ path: String) throws(RunError) -> [SearchRecord] {
    try RunFile.decode(File.self, from: try RunFile.read(path), schema: 1, path: path).searches
  }
}
