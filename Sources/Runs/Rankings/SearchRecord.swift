/// A search for a front, as a report tells of it: what was tried in which order, what it took, and what came of it.
///
/// Everything in it is judged on validation images.
public struct SearchRecord: Codable, Sendable, Equatable {
  /// A candidate, in the order in which it was asked for.
  public struct Candidate: Codable, Sendable, Equatable {
    /// Counted from 1.
    public var number: Int
    /// The trial's address.
    public var address: String
    /// What was chosen, in words.
    public var settings: String
    /// What it takes of each objective; `nil` where it made no student.
    public var values: [Double]?
    /// Why it is not within the limits, or made no student; `nil` where it is.
    public var reason: String?
    /// The number of the candidate that it was derived from; `nil` where it was drawn from the whole space.
    public var parent: Int?
    /// The share of the box between nothing and the reference that the candidates up to this one dominate.
    public var hypervolume: Double
    /// Whether no candidate within the limits beats it.
    public var isOnFront: Bool

    /// Makes a candidate; what it is among others is still to be said.
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

  /// The student that was searched for.
  public var student: String
  /// The seed of the search.
  public var seed: UInt64
  /// Who proposed.
  public var strategy: String
  /// What was minimized together, by name.
  public var objectives: [String]
  /// The most of quantities, by name.
  public var limits: [String: Double]
  /// The corner of the box: an objective's limit; without one 1 for the error, the most that a candidate took for others.
  public var reference: [Double]
  /// The candidates, in the order in which they were proposed.
  public var candidates: [Candidate]
  /// The number of the candidate that became each row, by the row's name.
  public var rows: [String: Int]

  /// A record of candidates; says what they are worth beside one another.
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

  /// The candidates within the limits that none beats, by the first objective.
  public var front: [Candidate] {
    candidates.filter(\.isOnFront).sorted { first, second in
      (first.values ?? []).lexicographicallyPrecedes(second.values ?? [])
    }
  }

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
  /// A record that comes from a file: each candidate and the reference have a value for each objective, and numbers are places.
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
    let counts = [reference.count] + candidates.compactMap { $0.values?.count }
    guard objectives.count > 1, counts.allSatisfy({ $0 == objectives.count }),
      candidates.map(\.number) == Array(1..<(candidates.count + 1))
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .candidates, in: container,
        debugDescription: "expected candidates counted from 1 with \(objectives.count) values each")
    }
  }

  /// The file's name in a run's directory.
  public static let fileName = "searches.json"

  private struct File: Codable {
    var schema = 1
    var searches: [SearchRecord]
  }

  /// Writes the searches of a run beside their place, and puts them there in one step.
  public static func write(_ searches: [SearchRecord], to path: String) throws(RunError) {
    try RunFile.write(try RunFile.bytes(File(searches: searches), path: path), to: path)
  }

  /// Reads a file that `write` wrote.
  public static func read(_ path: String) throws(RunError) -> [SearchRecord] {
    try RunFile.decode(File.self, from: try RunFile.read(path), schema: 1, path: path).searches
  }
}
