import Readings
public import Runs
import Settings

/// Several quantities that a search makes little of together, under limits; and which of the candidates that none beats is taken.
public struct FrontGoal: Sendable, Equatable {
  /// What is to be little; none in the goal of a candidate, which searches for other objectives may share.
  public var objectives: [SearchQuantity]
  /// The most of quantities, minimized or not.
  public var limits: [SearchQuantity: Double]
  /// The targets that candidates are read on.
  public var targets: [String]
  /// The digests of the targets' profiles, as another profile makes another search.
  public var profiles: [String: String]
  /// Which candidate becomes the row.
  public var pick: FrontPick?

  /// Makes a goal; its targets are those that the quantities name.
  public init(
    minimizing objectives: [SearchQuantity], limits: [SearchQuantity: Double] = [:],
    profiles: [String: String] = [:], pick: FrontPick? = nil
  ) {
    self.objectives = objectives
    self.limits = limits
    targets = Set((objectives + limits.keys).compactMap(\.target)).sorted()
    self.profiles = profiles
    self.pick = pick
  }

  /// What a candidate has to know: the targets that it is read on.
  public var ofCandidates: FrontGoal {
    var goal = self
    (goal.objectives, goal.limits, goal.pick) = ([], [:], nil)
    return goal
  }

  var node: SettingsNode {
    SettingsNode(mapping: [
      "minimize": objectives.map(\.name).node,
      "limits": SettingsNode(named: limits),
      "targets": targets.node,
      "profiles": SettingsNode(sorting: profiles.map { ($0, $1.node) }), "pick": (pick?.name).node,
    ])
  }

  init(from node: SettingsNode) throws(SettingsError) {
    let owner = "a front"
    try node.requireKeys(["minimize", "limits", "targets", "profiles", "pick"], of: owner)
    func quantity(_ name: String, _ mark: SettingsMark) throws(SettingsError) -> SearchQuantity {
      guard let found = SearchQuantity(named: name) else {
        throw .invalid(mark, key: name, reason: "is no quantity of a search")
      }
      return found
    }
    var objectives: [SearchQuantity] = []
    for item in try node.required("minimize", of: owner).list("minimize") {
      objectives.append(try quantity(item.string("minimize"), item.mark))
    }
    var limits: [SearchQuantity: Double] = [:]
    for entry in try node.required("limits", of: owner).mapping("limits") {
      limits[try quantity(entry.key, entry.mark)] = try entry.value.number(entry.key)
    }
    self.init(minimizing: objectives, limits: limits)
    targets = try [String](reading: node.required("targets", of: owner), key: "targets")
    for entry in try node.required("profiles", of: owner).mapping("profiles") {
      profiles[entry.key] = try entry.value.string(entry.key)
    }
    if let word = node["pick"], word.content != .null {
      guard let pick = FrontPick(named: try word.string("pick")) else {
        throw .invalid(word.mark, key: "pick", reason: "is no rule by which a candidate is taken")
      }
      self.pick = pick
    }
  }
}

/// Which candidate of a front becomes a row.
public enum FrontPick: Sendable, Hashable {
  /// The one that is nearest to what the front reaches at best in each objective, each counted as a share of the front's extent.
  case knee
  /// The one of the least of an objective.
  case least(SearchQuantity)
  /// So many: the knee, then the least of each objective in their order, then those with most room around them on the front; counted
  /// from 1.
  case number(Int)

  /// `knee`, an objective's name, or a number.
  public init?(named name: String) {
    if name == "knee" {
      self = .knee
    } else if let number = Int(name), number > 0 {
      self = .number(number)
    } else {
      guard let quantity = SearchQuantity(named: name) else { return nil }
      self = .least(quantity)
    }
  }

  /// The word that names it.
  public var name: String {
    switch self {
    case .knee: "knee"
    case .least(let quantity): quantity.name
    case .number(let number): "\(number)"
    }
  }

  /// What it adds to its row's name.
  public var suffix: String { if case .least = self { "-least-" + name } else { "-" + name } }
}

extension FrontGoal {
  /// The reason why a candidate misses the limits, or a target's own; `nil` if it meets all.
  ///
  /// Its distance is the sum of the excesses as shares of the limits.
  public func miss(of candidate: CandidateResult) throws -> TrialGoal.Miss? {
    if let failure = candidate.failure { return TrialGoal.Miss(distance: .infinity, reason: failure) }
    var distance = 0.0
    var reasons: [String] = []
    for target in targets {
      guard let reading = candidate.readings?[target] else {
        throw TrialError.goal("\(candidate.name): was not read on \(target), which its goal is about")
      }
      guard !reading.fits else { continue }
      distance += 1
      reasons.append(reading.reason ?? "it does not fit \(target)")
    }
    for quantity in limits.keys.sorted(by: { $0.name < $1.name }) {
      guard let limit = limits[quantity] else { continue }
      let found = try value(of: quantity, candidate)
      guard found > limit else { continue }
      distance += limit > 0 ? (found - limit) / limit : found
      reasons.append("\(quantity.name): \(found), \(found - limit) more than \(limit)")
    }
    return reasons.isEmpty
      ? nil : TrialGoal.Miss(distance: distance, reason: reasons.joined(separator: "; "))
  }

  /// What a candidate takes of the objectives; `nil` where it made no student.
  public func values(of candidate: CandidateResult) throws -> [Double]? {
    guard candidate.failure == nil else { return nil }
    return try objectives.map { try value(of: $0, candidate) }
  }

  private func value(of quantity: SearchQuantity, _ candidate: CandidateResult) throws -> Double {
    guard let value = quantity.value(of: candidate) else {
      if case .error = quantity {
        throw TrialError.goal(
          "a search that makes the error small needs validation images: give the recipe a \"validation\" share"
        )
      }
      throw TrialError.goal(
        "\(candidate.name): \(quantity.name) is not known, which its goal is about")
    }
    return value
  }

  /// The places of the candidates that meet the limits and that no other such candidate beats; the first of equal ones.
  ///
  /// Candidates whose training was cut short are left out, unless all were.
  public func front(of candidates: [CandidateResult]) throws -> [Int] {
    var known: [(place: Int, values: [Double])] = []
    let hasWhole = candidates.contains { $0.isCutShort == nil && $0.failure == nil }
    for (place, candidate) in candidates.enumerated() where try miss(of: candidate) == nil {
      if hasWhole, candidate.isCutShort != nil { continue }
      guard let values = try values(of: candidate), !known.contains(where: { $0.values == values })
      else { continue }
      known.append((place, values))
    }
    let ranks = ParetoRanks.ranks(of: known.map(\.values), misses: known.map { _ in 0 })
    return zip(known, ranks).filter { $0.1 == 0 }.map(\.0.place)
  }

  /// The place of the candidate that a rule takes, and how it misses the limits if none meets them; then it is the nearest.
  func chosen(
    _ pick: FrontPick, of candidates: [CandidateResult]
  ) throws -> (index: Int, miss: TrialGoal.Miss?) {
    let front = try front(of: candidates)
    guard !front.isEmpty else { return try nearest(of: candidates) }
    let points = try front.map { try values(of: candidates[$0]) ?? [] }
    let place: Int
    switch pick {
    case .knee: place = Self.knee(of: points)
    case .least(let quantity):
      let axis = objectives.firstIndex(of: quantity) ?? 0
      place = Self.least(of: points, on: axis)
    case .number(let number):
      let order = Self.order(of: points)
      guard number <= order.count else {
        throw TrialError.goal(
          "the front has \(order.count) \(order.count == 1 ? "candidate" : "candidates"), and number \(number) was asked for"
        )
      }
      place = order[number - 1]
    }
    return (front[place], nil)
  }

  private func nearest(
    of candidates: [CandidateResult]
  ) throws -> (index: Int, miss: TrialGoal.Miss?) {
    var nearest: (index: Int, miss: TrialGoal.Miss)?
    for (index, candidate) in candidates.enumerated() {
      guard let miss = try miss(of: candidate), nearest.map({ miss.distance < $0.miss.distance }) ?? true
      else { continue }
      nearest = (index, miss)
    }
    guard let nearest, nearest.miss.distance.isFinite else {
      throw TrialError.goal(
        "no candidate of the search made a student" + (nearest.map { ": \($0.miss.reason)" } ?? ""))
    }
    return nearest
  }

  private static func knee(of points: [[Double]]) -> Int {
    let axes = points[0].indices.map { axis in points.map { $0[axis] } }
    let ends = axes.map { (low: $0.min() ?? 0, high: $0.max() ?? 0) }
    let distances = points.map { point in
      zip(point, ends).reduce(0.0) { sum, pair in
        let extent = pair.1.high - pair.1.low
        let share = extent > 0 ? (pair.0 - pair.1.low) / extent : 0
        return sum + share * share
      }
    }
    return distances.indices.min { (distances[$0], $0) < (distances[$1], $1) } ?? 0
  }

  /// The point of the least of an axis; of several the one that is least in the others, in their order.
  private static func least(of points: [[Double]], on axis: Int) -> Int {
    func key(_ place: Int) -> [Double] { [points[place][axis]] + points[place] }
    return points.indices.min { first, second in
      key(first).lexicographicallyPrecedes(key(second))
    } ?? 0
  }

  /// All places of a front, in the order in which rows are taken.
  private static func order(of points: [[Double]]) -> [Int] {
    let room = ParetoRanks.crowding(of: points)
    let first = [knee(of: points)] + points[0].indices.map { least(of: points, on: $0) }
    let rest = points.indices.sorted { (-room[$0], $0) < (-room[$1], $1) }
    return (first + rest).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }
}
