public import Settings
public import Tensors

/// Proposes settings, and learns from what became of those before: a pure function of what was observed, so that a search
/// that was killed goes on as if it had not been.
///
/// One file in `Search/` and one line in `SearchCatalogue`. Every assignment becomes a trial of its own, and all that one
/// call gives can run at a time; the next call comes when all of them are done, whatever the number of jobs.
public protocol SearchStrategy: NamedKind {
  /// The most assignments that it asks for in all.
  func tries(in space: SearchSpace) -> Int
  /// Whether it goes by the latency of settings before they are tried, and so is for goals of latency alone.
  var needsLatency: Bool { get }
  /// Why it cannot search a space; `nil` where it can.
  func refusal(of space: SearchSpace) -> String?
  /// The next assignments, at most `count`; none when the search is over.
  func ask(_ count: Int, _ search: SearchState) -> [Assignment]
}

extension SearchStrategy {
  public func refusal(of space: SearchSpace) -> String? { nil }
  public var needsLatency: Bool { false }
}

/// What a search knows.
public struct SearchState: Sendable {
  /// What may be chosen.
  public var space: SearchSpace
  /// Whether the strongest compression that meets the goal is sought, not the weakest.
  public var prefersStrong: Bool
  /// What became of all assignments so far, in the order in which they were asked for.
  public var observations: [SearchObservation]
  /// Where draws come from; refined by the number of the assignment.
  public var random: SeededRandom
  /// The latency that is to be met, and a model of it; `nil` for other goals.
  public var latency: LatencyModel?

  /// Makes a state.
  public init(
    space: SearchSpace, prefersStrong: Bool, observations: [SearchObservation] = [], random: SeededRandom,
    latency: LatencyModel? = nil
  ) {
    self.latency = latency
    self.space = space
    self.prefersStrong = prefersStrong
    self.observations = observations
    self.random = random
  }
}

extension SearchState {
  /// Where the present round began, by the number of observations, if the first round has `first` members and each other `size`.
  ///
  /// Strategies that learn propose a round from what was observed before it, so that it does not matter how many of its members are
  /// asked for at a time.
  func roundStart(first: Int, size: Int) -> Int {
    let done = observations.count
    return done < first ? 0 : first + (done - first) / size * size
  }
}

/// What became of an assignment.
public struct SearchObservation: Sendable, Equatable {
  public var assignment: Assignment
  /// Whether its student met the goal.
  public var meetsGoal: Bool
  /// The metric on validation images; `nil` where there are none.
  public var validation: Double?
  /// How far that is from the best there could be, 0…1: less is better, whatever the metric.
  public var shortfall: Double?
  /// The milliseconds of an image on the goal's target; `nil` where it was not read.
  public var latencyMs: Double?
  /// What the goal makes least of: the file's bytes where the accuracy is to be kept, the shortfall where limits are.
  public var cost: Double
  /// How far it is from meeting the goal, in the goal's unit; 0 where it meets it, infinite where there is no student.
  public var miss: Double

  /// Makes an observation; without a cost it is the shortfall.
  public init(
    _ assignment: Assignment, meetsGoal: Bool, validation: Double? = nil, shortfall: Double? = nil,
    latencyMs: Double? = nil, cost: Double? = nil, miss: Double? = nil
  ) {
    (self.shortfall, self.latencyMs) = (shortfall, latencyMs)
    self.cost = cost ?? shortfall ?? 1
    self.miss = miss ?? (meetsGoal ? 0 : 1)
    self.assignment = assignment
    self.meetsGoal = meetsGoal
    self.validation = validation
  }
}

extension SearchObservation {
  /// Whether it is nearer to what is sought: what meets the goal before what does not, then the least cost or miss.
  public func isBetter(than other: SearchObservation) -> Bool {
    (miss, cost) < (other.miss, other.cost)
  }
}

extension [SearchObservation] {
  /// The share of the other observations that each is better than, half of those that are as good: 0…1, whatever costs are in.
  var ranks: [Double] {
    map { own in
      guard count > 1 else { return 0.5 }
      let beaten = reduce(0.0) { sum, other in
        sum + (own.isBetter(than: other) ? 1 : other.isBetter(than: own) ? 0 : 0.5)
      }
      return (beaten - 0.5) / Double(count - 1)
    }
  }
}

/// Every strategy that a recipe may name.
public enum SearchCatalogue: Catalogue {
  public static let all: [any SearchStrategy.Type] = [
    Bisection.self, Ascent.self, GridSearch.self, RandomSearch.self, AgingEvolution.self,
    ControllerSearch.self, BayesianSearch.self, NetAdapt.self,
  ]
  public static var kinds: [any NamedKind.Type] { all }

  public static func cast(_ kind: any NamedKind) -> (any SearchStrategy)? { kind as? any SearchStrategy }

  /// Reads a name (`grid`), or a name with settings (`{random: {tries: 20}}`).
  public static func read(_ node: SettingsNode) throws(SettingsError) -> any SearchStrategy {
    try read(node, key: "search", present: Bisection())
  }
}
