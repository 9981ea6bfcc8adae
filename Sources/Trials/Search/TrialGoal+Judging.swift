import Metrics
import Readings
import RealModule
public import Runs
import Settings

extension TrialGoal {
  /// The distance of a candidate from the goal, with the reason.
  public struct Miss: Sendable, Equatable {
    /// The distance in accuracy (as a fraction), bytes, milliseconds or a resource's unit; smaller is nearer.
    public var distance: Double
    /// The reason as text.
    public var reason: String
  }

  /// A reward that weighs accuracy against quantities: `accuracy · Π (quantity / reference)^w`, w at most 0.
  public struct Reward: Sendable, Equatable {
    /// The default of w, as in MnasNet.
    public static let defaultExponent = -0.07

    /// The reference of each quantity, in its unit.
    public var references: [SearchQuantity: Double]
    /// The exponent w.
    public var exponent: Double

    /// Makes a reward.
    public init(references: [SearchQuantity: Double], exponent: Double = Reward.defaultExponent) {
      self.references = references
      self.exponent = exponent
    }

    var node: SettingsNode {
      SettingsNode(named: references).adding(SettingsNode(mapping: ["exponent": exponent.node]))
    }

    init(from node: SettingsNode) throws(SettingsError) {
      self.init(
        references: [:], exponent: try node.required("exponent", of: "a reward").number("exponent"))
      for entry in try node.mapping("reward") where entry.key != "exponent" {
        guard let quantity = SearchQuantity(named: entry.key) else {
          throw .invalid(entry.mark, key: entry.key, reason: "is no quantity of a search")
        }
        references[quantity] = try entry.value.number(entry.key)
      }
    }

    /// The product of `(quantity / reference)^w`; unknown quantities and zeros have the factor 1.
    func factor(of candidate: CandidateResult) -> Double {
      references.keys.sorted { $0.name < $1.name }.reduce(1.0) { product, quantity in
        guard let reference = references[quantity], let found = quantity.value(of: candidate), found > 0
        else { return product }
        return product * Double.pow(found / reference, exponent)
      }
    }
  }

  /// True if the strongest compression that meets the goal is sought, false for the weakest.
  public var prefersStrong: Bool { accuracyPoints != nil }

  /// The targets on which a candidate is read, as a goal; `nil` for none.
  ///
  /// The limits are left out, so that searches with other limits share their candidates.
  public var ofCandidates: TrialGoal? {
    var read = TrialGoal(target: target, profile: profile, latencyMs: latencyMs)
    if let front {
      guard !front.targets.isEmpty else { return nil }
      read.front = front.ofCandidates
      return read
    }
    guard target != nil else { return nil }
    let isWeighed = reward?.references.keys.contains { $0.target != nil } ?? false
    read.readsAsRows = !limits.isEmpty || isWeighed
    return read
  }

  /// Why a goal of accuracy cannot be judged.
  package static var withoutValidation: TrialError {
    .goal("a goal needs a teacher and validation images: give the recipe a \"validation\" share")
  }

  /// The distance of a candidate from the goal; `nil` where it meets the goal.
  ///
  /// `teacher` is the teacher's metric on validation images. Throws where a goal of accuracy lacks it or the
  /// candidate's.
  public func miss(of candidate: CandidateResult, teacher: Double?) throws -> Miss? {
    if let front { return try front.miss(of: candidate) }
    if let failure = candidate.failure { return Miss(distance: .infinity, reason: failure) }
    if let points = accuracyPoints {
      guard let teacher, let found = candidate.validation else {
        throw Self.withoutValidation
      }
      let metric = candidate.metric
      let bar = metric.isHigherBetter ? teacher - points / 100 : teacher + points / 100
      guard metric.isBetter(bar, than: found) else { return nil }
      return Miss(
        distance: abs(bar - found),
        reason: "\(found) on validation images is \(metric.isHigherBetter ? "below" : "above") \(bar)")
    }
    if let limit = fileBytes, candidate.fileBytes > limit {
      let excess = candidate.fileBytes - limit
      return Miss(
        distance: Double(excess),
        reason: "the file has \(candidate.fileBytes) bytes, \(excess) more than \(limit)")
    }
    if let target {
      guard let reading = candidate.reading else {
        throw TrialError.goal("\(candidate.name): there is no reading on \(target), but its goal needs one")
      }
      guard reading.fits else {
        return Miss(
          distance: [Resource.flash, .ram].reduce(0) { $0 + (reading[$1]?.value ?? 0) },
          reason: reading.reason ?? "it does not fit \(target)")
      }
      for (_, resource) in Self.limitable {
        guard let limit = limits[resource] else { continue }
        guard let found = reading[resource]?.value else {
          throw TrialError.goal(
            "\(candidate.name): its \(resource.title) on \(target) is not known, but its goal limits it")
        }
        guard found <= limit else {
          let unit = resource.unit.rawValue
          return Miss(
            distance: found - limit,
            reason: "\(resource.title): \(found) \(unit) on \(target), \(found - limit) more than \(limit)")
        }
      }
      guard let latencyMs else { return nil }
      guard let found = reading[.latency]?.value else {
        throw TrialError.goal(
          "\(candidate.name): its latency on \(target) is not known, but its goal limits it")
      }
      guard latencyExponent == nil, found > latencyMs else { return nil }
      return Miss(
        distance: found - latencyMs,
        reason: "an image takes \(found) ms on \(target), \(found - latencyMs) ms more than \(latencyMs)")
    }
    return nil
  }

  /// The distance of a candidate from the best possible accuracy or reward; smaller is better.
  ///
  /// With an exponent w it is `1 - accuracy · (latency / limit)^w`, else `1 - accuracy`, on validation
  /// images. Without validation images all candidates have 1.
  ///
  /// **Paper** Tan et al., "MnasNet: platform-aware neural architecture search for mobile", CVPR 2019,
  /// arXiv:1807.11626, equation 2.
  public func shortfall(of candidate: CandidateResult) -> Double {
    let shortfall = candidate.validation.map { candidate.metric.shortfall(of: $0) } ?? 1
    if let reward { return 1 - (1 - shortfall) * reward.factor(of: candidate) }
    guard let latencyExponent, let latencyMs, let found = candidate.reading?[.latency]?.value, found > 0
    else {
      return shortfall
    }
    return 1 - (1 - shortfall) * Double.pow(found / latencyMs, latencyExponent)
  }

  /// The index of the best candidate, with its miss if none meets the goal.
  ///
  /// Of candidates that keep the accuracy, it is the smallest file, then the fewest multiply-adds, then the
  /// last. Of candidates that fit, it is the least shortfall, then the largest file, then the first. Where
  /// none meets the goal, it is the nearest. Throws if no candidate made a student.
  public func best(
    of candidates: [CandidateResult], teacher: Double?
  ) throws -> (index: Int, miss: Miss?) {
    let whole = candidates.indices.filter { candidates[$0].isCutShort == nil }
    if whole.count < candidates.count, whole.contains(where: { candidates[$0].failure == nil }) {
      let best = try best(of: whole.map { candidates[$0] }, teacher: teacher)
      return (whole[best.index], best.miss)
    }
    if let front { return try front.chosen(front.pick ?? .knee, of: candidates) }
    var misses: [Miss?] = []
    for candidate in candidates { misses.append(try miss(of: candidate, teacher: teacher)) }
    let meeting = candidates.indices.filter { misses[$0] == nil }
    let best =
      prefersStrong
      ? meeting.min { first, second in
        let (a, b) = (candidates[first], candidates[second])
        return (a.fileBytes, a.multiplyAdds, -first) < (b.fileBytes, b.multiplyAdds, -second)
      }
      : meeting.min { first, second in
        let (a, b) = (candidates[first], candidates[second])
        return (shortfall(of: a), -a.fileBytes, first) < (shortfall(of: b), -b.fileBytes, second)
      }
    if let best { return (best, nil) }
    var nearest: (index: Int, miss: Miss)?
    for (index, miss) in misses.enumerated() {
      guard let miss, nearest.map({ miss.distance < $0.miss.distance }) ?? true else { continue }
      nearest = (index, miss)
    }
    guard let nearest, nearest.miss.distance.isFinite else {
      throw TrialError.goal(
        "no candidate of the search made a student" + (nearest.map { ": \($0.miss.reason)" } ?? ""))
    }
    return (nearest.index, nearest.miss)
  }
}
