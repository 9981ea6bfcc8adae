public import Settings

/// Brings the latency on a target down in rounds, each taking a share of it from the one layer that costs least.
///
/// A round tries, for each variable by itself, the smallest step on from the settings of the round before that the target's cost
/// model says saves the round's share; each is a candidate of its own, trained as the stages say, and the most accurate on validation
/// images is gone on from. Predictions are scaled by what the last one took in truth.
///
/// **Formula** round r looks for `latency <= max(limit, latency of the round before - (first latency - limit) / rounds)`.
///
/// Papers: Yang, Howard, Chen, Zhang, Go, Sandler, Sze, Adam, "NetAdapt: platform-aware neural network adaptation for mobile
/// applications", 2018, arXiv:1804.03230; Liu, Dong, Wang, Zhu, "CompactNet: platform-aware automatic optimization for convolutional
/// neural networks", 2019, arXiv:1905.11669. Unlike there, each candidate is made from the first network, not from the last
/// round's weights: so it is a function of its settings alone.
public struct NetAdapt: SearchStrategy {
  public static let name = "netadapt"
  public static let summary =
    "takes what a latency costs too much from the layer that loses least by it, round by round"

  /// The rounds in which the latency is brought down.
  public var rounds = 8

  public init() {}

  public static var settings: [Setting<NetAdapt>] {
    [
      Setting(
        "rounds", \.rounds, in: 1...100,
        "rounds in which the latency is brought down, if each saves what it is to; at most twice as many are run"
      )
    ]
  }

  public var needsLatency: Bool { true }

  /// The network as it is, and a candidate a variable in each round.
  public func tries(in space: SearchSpace) -> Int { 1 + 2 * rounds * space.variables.count }

  public func refusal(of space: SearchSpace) -> String? {
    space.variables.allSatisfy(\.isOrdered)
      ? nil : "goes through ranges; give each setting \"from\" and \"to\" in place of a list"
  }

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
      // Of equally accurate ones the fastest, then the first; what made no student has no accuracy.
      let usable = seen.filter { $0.shortfall != nil }
      func rank(_ observation: SearchObservation) -> (Double, Double) {
        (observation.shortfall ?? 1, observation.latencyMs ?? .infinity)
      }
      guard let next = usable.min(by: { rank($0) < rank($1) }) else { return [] }
      best = next
    }
    return []
  }

  /// For each variable the smallest step on that saves a round's share, or where none can alone, each one's last step.
  private func candidates(
    after best: SearchObservation, step: Double, _ space: SearchSpace, _ latency: LatencyModel
  ) -> [Assignment] {
    guard let predicted = latency.latencyMs(best.assignment), predicted > 0 else { return [] }
    let scale = (best.latencyMs ?? predicted) / predicted
    let present = predicted * scale
    // What is fast enough but misses the goal otherwise is made smaller still.
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
