import Readings
public import Runs
import Settings

/// A goal that minimizes several quantities together under limits, and the rule that picks a candidate from the front.
public struct FrontGoal: Sendable, Equatable {
  /// The quantities to minimize; empty in goals of candidates, so that searches for other objectives can share them.
  public var objectives: [SearchQuantity]
  /// The upper limits of quantities, minimized or not.
  public var limits: [SearchQuantity: Double]
  /// The targets on which candidates are measured, sorted.
  public var targets: [String]
  /// The digests of the targets' profiles; another profile makes another search.
  public var profiles: [String: String]
  /// The rule by which a candidate becomes the row; `nil` in goals of candidates.
  public var pick: FrontPick?

  /// Makes a goal; its targets are those of the objectives and limits.
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

  /// The goal of a candidate: targets and profiles without objectives, limits and pick.
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

/// A rule that picks a candidate from a front.
public enum FrontPick: Sendable, Hashable {
  /// The candidate nearest to the ideal point, the least value of each objective, in shares of the front's extents.
  case knee
  /// The candidate with the least value of an objective.
  case least(SearchQuantity)
  /// A place, from 1, in this order: the knee, the least of each objective, then by falling crowding distance.
  case number(Int)

  /// Reads `knee`, the name of a quantity, or a positive number; `nil` for other words.
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

  /// The word for the rule in recipes.
  public var name: String {
    switch self {
    case .knee: "knee"
    case .least(let quantity): quantity.name
    case .number(let number): "\(number)"
    }
  }

  /// The suffix of the row's name, such as `-knee` or `-least-error`.
  public var suffix: String { if case .least = self { "-least-" + name } else { "-" + name } }
}

extension FrontGoal {
  /// The reason why a candidate misses the limits or does not fit a target; `nil` if it meets all.
  ///
  /// The distance is the sum of the excesses as shares of the limits, plus 1 for each target that it does not fit. It is infinite
  /// without a student. Throws `TrialError.goal` if a reading or a limited quantity is unknown.
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

  /// The candidate's values of the objectives, in their order; `nil` without a student.
  ///
  /// Throws `TrialError.goal` if a value is unknown.
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

  /// The indices of the non-dominated candidates among those that meet the limits; the first of equal ones.
  ///
  /// Candidates whose training was cut short are left out, unless all were cut short.
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

  /// The index of the candidate that a rule picks; if none meets the limits, the nearest one with its miss.
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

  /// The index of the point nearest to the ideal point, by Euclidean distance in shares of the extents.
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

  /// The index of the point with the least value on an axis; ties go to the lexicographically least point.
  private static func least(of points: [[Double]], on axis: Int) -> Int {
    func key(_ place: Int) -> [Double] { [points[place][axis]] + points[place] }
    return points.indices.min { first, second in
      key(first).lexicographicallyPrecedes(key(second))
    } ?? 0
  }

  /// The indices of all points of a front, in the order of `FrontPick.number`.
  private static func order(of points: [[Double]]) -> [Int] {
    let room = ParetoRanks.crowding(of: points)
    let first = [knee(of: points)] + points[0].indices.map { least(of: points, on: $0) }
    let rest = points.indices.sorted { (-room[$0], $0) < (-room[$1], $1) }
    return (first + rest).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }
}
