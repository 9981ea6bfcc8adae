public import Settings

/// Lowers the latency on a target in rounds, each of which shrinks the one layer that costs the least
/// accuracy.
///
/// A round tries, for each variable by itself, the smallest step from the settings of the last round that
/// saves the round's share by the target's cost model. Each is a candidate that is trained by the stages, and
/// the most accurate on validation images is the start of the next round. Predictions are scaled by the ratio
/// of the last candidate's reading to its prediction.
///
/// **Formula** round r looks for
/// `latency <= max(limit, latency of the round before - (first latency - limit) / rounds)`.
///
/// **Paper** Yang, Howard, Chen, Zhang, Go, Sandler, Sze, Adam, "NetAdapt: platform-aware neural network
/// adaptation for mobile applications", 2018, arXiv:1804.03230; Liu, Dong, Wang, Zhu, "CompactNet:
/// platform-aware automatic optimization for convolutional neural networks", 2019, arXiv:1905.11669. Unlike
/// there, each candidate is made from the first network, not from the last round's weights, so it is a
/// function of its settings alone.
public struct NetAdapt: SearchStrategy {
  /// The name in recipes: `netadapt`.
  public static let name = "netadapt"
  /// The description in lists of strategies.
  public static let summary =
    "lowers the latency round by round, each time in the layer where accuracy falls least (NetAdapt)"

  /// The number of rounds in which the latency reaches the limit if each saves its share; at most twice as
  /// many are run.
  public var rounds = 8

  /// Makes a strategy with the default settings.
  public init() {}

  /// Settings: `rounds`.
  public static var settings: [Setting<NetAdapt>] {
    [
      Setting(
        "rounds", \.rounds, in: 1...100,
        "rounds that lower the latency to its limit if each saves its share; at most twice as many are run"
      )
    ]
  }

  /// True: rounds follow predicted latencies.
  public var needsLatency: Bool { true }

  /// The largest number of assignments: the unchanged network, and one for each variable in each round.
  public func tries(in space: SearchSpace) -> Int { 1 + 2 * rounds * space.variables.count }

  /// Refuses lists of choices, which have no order.
  public func refusal(of space: SearchSpace) -> String? {
    space.variables.allSatisfy(\.isOrdered)
      ? nil : "needs ranges; give each setting \"from\" and \"to\" in place of a list"
  }

  /// The rest of the present round, as a function of the observations.
  public func ask(_ count: Int, _ search: SearchState) -> [Assignment] {
    guard count > 0, let latency = search.latency else { return [] }
    var rest = search.observations[...]
    guard var best = rest.popFirst() else {
      return [Assignment(search.space.variables.map { $0.value(at: 0) })]
    }
    guard let first = best.latencyMs ?? latency.latencyMs(best.assignment) else { return [] }
    let step = (first - latency.limitMs) / Double(rounds)
    for _ in 0..<2 * rounds where !best.meetsGoal {
      let round = candidates(after: best, step: step, search.space, latency)
      let seen = rest.prefix(round.count)
      rest = rest.dropFirst(round.count)
      guard seen.count == round.count else { return Array(round.dropFirst(seen.count).prefix(count)) }
      // Ties in accuracy go to the fastest, then to the first; an assignment without a student has no
      // accuracy.
      let usable = seen.filter { $0.shortfall != nil }
      func rank(_ observation: SearchObservation) -> (Double, Double) {
        (observation.shortfall ?? 1, observation.latencyMs ?? .infinity)
      }
      guard let next = usable.min(by: { rank($0) < rank($1) }) else { return [] }
      best = next
    }
    return []
  }

  /// The candidates of a round: each variable's smallest step that saves the round's share.
  ///
  /// If no variable alone saves so much, they are each variable's last step.
  private func candidates(
    after best: SearchObservation, step: Double, _ space: SearchSpace, _ latency: LatencyModel
  ) -> [Assignment] {
    guard let predicted = latency.latencyMs(best.assignment), predicted > 0 else { return [] }
    let scale = (best.latencyMs ?? predicted) / predicted
    let present = predicted * scale
    // A network that is fast enough but misses the goal in another way is made smaller still.
    let wanted = present > latency.limitMs ? max(latency.limitMs, present - step) : present - abs(step)
    var enough: [Assignment] = []
    var last: [Assignment] = []
    for (index, variable) in space.variables.enumerated() {
      func assignment(_ place: Double) -> Assignment {
        var assignment = best.assignment
        assignment.values[index] = variable.value(at: place)
        return assignment
      }
      func time(_ place: Double) -> Double? { latency.latencyMs(assignment(place)).map { $0 * scale } }
      guard let place = variable.place(of: best.assignment.values[index]), place < 1 - Self.finest,
        let least = time(1), least < present
      else { continue }
      guard least <= wanted else {
        last.append(assignment(1))
        continue
      }
      var (low, high) = (place, 1.0)
      while high - low > Self.finest {
        let middle = (low + high) / 2
        if let time = time(middle), time <= wanted { high = middle } else { low = middle }
      }
      enough.append(assignment(high))
    }
    return enough.isEmpty ? last : enough
  }

  /// The smallest step, as a share of a variable's range.
  private static let finest = 1.0 / 2048
}
